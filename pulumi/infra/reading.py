"""How a stack's configuration is read: text, numbers, lists and sizes, each checked, each refused with a sentence."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

MEMORY_MIB = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16385, 1024)),
    4096: tuple(range(8192, 30721, 1024)),
    8192: tuple(range(16384, 61441, 4096)),
    16384: tuple(range(32768, 122881, 8192)),
}
"""Memory that Fargate offers for each number of CPU units (Amazon ECS, Fargate task definition parameters)."""


class SettingsError(ValueError):
    """A setting cannot be used; the text is a sentence that names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Size:
    """How big a task of a service is and how many there may be."""

    cpu: int
    memory: int
    """MiB."""
    min_tasks: int
    max_tasks: int


class Reader:
    """Reads one configuration; an empty value counts as absent."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def optional(self, name: str, pattern: str, what: str) -> str | None:
        value = self._given.get(name, "").strip()
        if value and not re.fullmatch(pattern, value):
            raise SettingsError(f"{name} must be {what}, not {value!r}.")
        return value or None

    def text(self, name: str, default: str, pattern: str, what: str) -> str:
        return self.optional(name, pattern, what) or default

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        return self.text(name, default, "|".join(choices), f"one of {', '.join(choices)}")

    def yes_no(self, name: str, *, default: bool) -> bool:
        return self.text(name, str(default).lower(), "true|false", "true or false") == "true"

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        return _whole(name, self._given.get(name, ""), default, low, high)

    def words(self, name: str, pattern: str, what: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        given = self._json(name, list)
        words = tuple(word for word in given if isinstance(word, str) and re.fullmatch(pattern, word))
        if len(words) < len(given):
            raise SettingsError(f"{name} must be {what}.")
        return words or default

    def tags(self) -> dict[str, str]:
        given = self._json("tags", dict)
        tags = {name: value for name, value in given.items() if isinstance(value, str)}
        if len(tags) < len(given):
            raise SettingsError("tags must be an object of text to text.")
        return tags

    def size(self, name: str, default: Size) -> Size:
        given = self._json(name, dict)
        names = {"cpu": "cpu", "memory": "memory", "minTasks": "min_tasks", "maxTasks": "max_tasks"}
        if unknown := sorted(set(given) - set(names)):
            raise SettingsError(f"{name}.{unknown[0]} is not a setting; there are {', '.join(names)}.")
        numbers = {
            ours: _whole(f"{name}.{theirs}", given.get(theirs, ""), getattr(default, ours), 1, 122_880)
            for theirs, ours in names.items()
        }
        size = Size(**numbers)
        if size.memory not in MEMORY_MIB.get(size.cpu, ()):
            raise SettingsError(
                f"{name}: Fargate has no task of {size.cpu} CPU units and {size.memory} MiB; "
                f"cpu is one of {', '.join(map(str, MEMORY_MIB))}, and memory at least twice as much."
            )
        if size.min_tasks > size.max_tasks:
            raise SettingsError(f"{name}.minTasks must not be above {name}.maxTasks.")
        return size

    def _json[T: (list[object], dict[str, object])](self, name: str, kind: type[T]) -> T:
        try:
            value = json.loads(self._given.get(name) or json.dumps(kind()))
        except ValueError as error:
            raise SettingsError(f"{name} is not JSON.") from error
        if not isinstance(value, kind):
            raise SettingsError(f"{name} must be {'a list' if kind is list else 'an object'}.")
        return value


def _whole(name: str, given: object, default: int, low: int, high: int) -> int:
    text = str(given).strip()
    value = default if not text else int(text) if re.fullmatch(r"\d{1,9}", text) else -1
    if not low <= value <= high:
        raise SettingsError(f"{name} must be a whole number from {low} to {high}, not {text!r}.")
    return value
