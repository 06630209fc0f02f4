"""Values as Pulumi's engine protocol carries them, and as plain Python."""

from collections.abc import Mapping

from google.protobuf import json_format, struct_pb2

from tests.infra.support.graph import UNKNOWN, Json

_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
"""Marks of special values (pulumi/pulumi, sdk/proto, property values)."""


def from_struct(message: struct_pb2.Struct, secrets: list[str] | None = None) -> dict[str, Json]:
    """Plain values, secrets and outputs unwrapped; paths of secrets are added to ``secrets``."""
    plain: dict[str, Json] = _plain(json_format.MessageToDict(message), "", [] if secrets is None else secrets)
    return plain


def to_struct(values: Mapping[str, Json]) -> struct_pb2.Struct:
    """The message that carries these values."""
    message = struct_pb2.Struct()
    json_format.ParseDict(dict(values), message)
    return message


def _plain(value: Json, path: str, secrets: list[str]) -> Json:
    match value:
        case {"4dabf18193072939515e22adb298388d": mark} if mark in {_SECRET, _OUTPUT}:
            if mark == _SECRET or value.get("secret"):
                secrets.append(path)
            return _plain(value.get("value", UNKNOWN), path, secrets)
        case dict():
            return {key: _plain(each, f"{path}.{key}".lstrip("."), secrets) for key, each in value.items()}
        case list():
            return [_plain(each, f"{path}[{index}]", secrets) for index, each in enumerate(value)]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value
