import socket

import pytest

from localcloud.ports import refuse_taken_ports
from localcloud.settings import SettingsError


def listening(family: socket.AddressFamily, address: str) -> socket.socket:
    server = socket.socket(family, socket.SOCK_STREAM)
    server.bind((address, 0))
    server.listen()
    return server


def free_port() -> int:
    with listening(socket.AF_INET, "127.0.0.1") as server:
        return int(server.getsockname()[1])


def test_free_ports_pass() -> None:
    refuse_taken_ports({"LOCAL_GATEWAY_PORT": free_port()})


def test_a_port_in_use_is_named_with_the_setting_that_changes_it() -> None:
    with listening(socket.AF_INET, "127.0.0.1") as server:
        port = server.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"Port {port} is in use .*LOCAL_GATEWAY_PORT=\d+ make up"):
            refuse_taken_ports({"LOCAL_GATEWAY_PORT": port})


def test_a_port_in_use_on_the_other_loopback_address_is_named_too() -> None:
    try:
        server = listening(socket.AF_INET6, "::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with server, pytest.raises(SettingsError, match="LOCAL_AWS_PORT"):
        refuse_taken_ports({"LOCAL_AWS_PORT": server.getsockname()[1]})


def test_one_port_for_two_parts_is_refused() -> None:
    port = free_port()
    with pytest.raises(SettingsError, match=f"LOCAL_AWS_PORT and LOCAL_GATEWAY_PORT are both {port}"):
        refuse_taken_ports({"LOCAL_GATEWAY_PORT": port, "LOCAL_AWS_PORT": port})
