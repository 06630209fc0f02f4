"""Says which port is taken before anything is started."""

import socket
from collections.abc import Mapping

from localcloud.settings import HOST, SettingsError


def refuse_taken_ports(ports: Mapping[str, int]) -> None:
    """Check that every port is free and used once; ``ports`` is setting name to port. Raises ``SettingsError``."""
    owner: dict[int, str] = {}
    for setting, port in ports.items():
        if port in owner:
            raise SettingsError(f"{setting} and {owner[port]} are both {port}; give one another port.")
        owner[port] = setting
        if _is_taken(port):
            raise SettingsError(
                f"Port {port} is in use by another program; stop it or choose another: {setting}={port + 1} make up"
            )


def _is_taken(port: int) -> bool:
    # Also on ::1, because browsers try it first for "localhost" and would reach the other program.
    return not _can_bind(socket.AF_INET, HOST, port) or (
        _can_bind(socket.AF_INET6, "::1", 0) and not _can_bind(socket.AF_INET6, "::1", port)
    )


def _can_bind(family: socket.AddressFamily, address: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((address, port))
    except OSError:
        return False
    return True
