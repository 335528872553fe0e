"""Takes secrets out of arguments, puts them back, and keeps their text out of other texts. Pure.

What is shown, stored and sent instead of a secret is `MASK`; the secrets themselves travel apart,
by the place that each was taken from (a JSON pointer).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pydantic import SecretStr

from inception.runs.model import JsonValue

MASK: Final = "**********"
"""What stands in the place of a secret; pydantic shows the same."""
_DEEPEST: Final = 100
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

Hidden: TypeAlias = Mapping[str, JsonValue]
"""Secrets by the JSON pointer of their place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concealed:
    """A value without its secrets, and those: not through JSON yet."""

    shown: Any
    hidden: dict[str, Any]


def is_secret_name(name: str, words: Collection[str]) -> bool:
    """True if `name` is one of `words` or ends with one: `db_password`, `apiToken`, `X-Api-Key`."""
    plain = _HUMP.sub("_", name).lower().replace("-", "_")
    return any(plain == word or plain.endswith("_" + word) for word in words)


def conceal(
    value: object,
    words: Collection[str],
    marked: Collection[str] = (),
    known: Collection[str] = (),
) -> Concealed:
    """Take out what is secret: by its type (SecretStr), the name of its key, or as `marked`.

    `marked` are JSON pointers, `known` texts that are secret wherever they stand. None and booleans
    hide nothing and stay. Only mappings, lists and tuples are looked into, 100 levels deep at most.
    """
    hidden: dict[str, Any] = {}
    shown = _Concealer(words, frozenset(marked), known, hidden).conceal(value, "", 0)
    return Concealed(shown=shown, hidden=hidden)


def reveal(shown: Any, hidden: Hidden) -> Any:
    """Put the secrets back: a copy of `shown` where there are any.

    Raises ValueError for a place that `shown` doesn't have.
    """
    for pointer, secret in hidden.items():
        shown = _with(shown, _parts(pointer), secret)
    return shown


def masked_places(shown: object) -> set[str]:
    """The JSON pointers of all places where `shown` has the mask."""
    return {pointer for pointer, leaf in _leaves(shown, "") if leaf == MASK}


def secret_texts(hidden: Hidden) -> set[str]:
    """The texts among the secrets, of whatever depth."""
    return {leaf for _pointer, leaf in _leaves(dict(hidden), "") if isinstance(leaf, str)}


class _Concealer:
    """One walk through a value."""

    def __init__(
        self,
        words: Collection[str],
        marked: Collection[str],
        known: Collection[str],
        hidden: dict[str, Any],
    ) -> None:
        self._words = words
        self._marked = marked
        self._known = known
        self._hidden = hidden

    def conceal(self, value: Any, pointer: str, depth: int) -> Any:
        is_known = isinstance(value, str) and value in self._known
        if is_known or isinstance(value, SecretStr) or pointer in self._marked:
            return self._hide(value, pointer)
        if depth > _DEEPEST:
            return value
        if isinstance(value, Mapping):
            items = value.items()
            return {key: self._item(key, item, pointer, depth + 1) for key, item in items}
        if isinstance(value, list | tuple):
            inner = enumerate(value)
            return [self.conceal(item, f"{pointer}/{at}", depth + 1) for at, item in inner]
        return value

    def _item(self, key: object, item: Any, pointer: str, depth: int) -> Any:
        inner = f"{pointer}/{_escaped(str(key))}"
        if is_secret_name(str(key), self._words):
            return self._hide(item, inner)
        return self.conceal(item, inner, depth)

    def _hide(self, value: Any, pointer: str) -> Any:
        if value is None or isinstance(value, bool):
            return value
        self._hidden[pointer] = _plain(value, 0)
        return MASK


def _plain(value: Any, depth: int) -> Any:
    """The value with the text of each SecretStr in it, so that JSON can carry it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if depth > _DEEPEST:
        return value
    if isinstance(value, Mapping):
        return {key: _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    return value


def _with(value: Any, parts: Sequence[str], secret: JsonValue) -> Any:
    if not parts:
        return secret
    name, rest = parts[0], parts[1:]
    if isinstance(value, Mapping) and name in value:
        return {**value, name: _with(value[name], rest, secret)}
    if isinstance(value, list | tuple) and name.isdecimal() and int(name) < len(value):
        at = int(name)
        return [*value[:at], _with(value[at], rest, secret), *value[at + 1 :]]
    raise ValueError("A secret's place is not among the arguments any more.")


def _leaves(value: object, pointer: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{pointer}/{_escaped(str(key))}")
    elif isinstance(value, list | tuple):
        for at, item in enumerate(value):
            yield from _leaves(item, f"{pointer}/{at}")
    else:
        yield pointer, value


def _parts(pointer: str) -> list[str]:
    words = pointer.split("/")[1:]
    return [word.replace("~1", "/").replace("~0", "~") for word in words]


def _escaped(word: str) -> str:
    return word.replace("~", "~0").replace("/", "~1")
