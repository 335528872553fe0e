"""JSON as text: what may be stored, how it is written, and the digest of arguments. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Final

from inception.runs.errors import NotJson, TooLarge
from inception.runs.model import LARGEST_INTEGER_BITS, MAX_JSON_BYTES, JsonValue

_DEEPEST: Final = 100
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_SORTING_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False, sort_keys=True)
"""Made once: `json.dumps` would make one for each value."""


def encode(value: object, what: str = "value") -> str:
    """Write `value` as JSON text of at most 1 MiB.

    `what` names it in errors. Raises NotJson (with the place of the trouble, NaN and infinities
    included) or TooLarge.
    """
    _check(value, what, 0)
    text = _ENCODER.encode(value)
    if len(text) > MAX_JSON_BYTES:
        raise TooLarge(
            f"The {what} would be {len(text):,} bytes of JSON; at most {MAX_JSON_BYTES:,} are "
            "kept. Store it elsewhere and pass its address."
        )
    return text


def normalise(value: object, what: str = "value") -> JsonValue:
    """Return what comes back from JSON for `value` (a tuple is a list). Raises as `encode`."""
    decoded: JsonValue = json.loads(encode(value, what))
    return decoded


def normalise_arguments(name: str, arguments: object) -> JsonValue:
    """Return what comes back from JSON for the arguments of the task `name`, which errors name.

    Raises as `encode`.
    """
    try:
        return normalise(arguments, "arguments")
    except (NotJson, TooLarge) as error:
        raise type(error)(f"{name}: {error}") from None


def digest(args: object, kwargs: object) -> str:
    """A short digest of a step's arguments: equal for equal JSON, whatever the key order."""
    text = _SORTING_ENCODER.encode([args, kwargs])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _check(value: object, where: str, depth: int) -> None:
    """Find what `json.dumps` would refuse or silently change, and say where it is."""
    if depth > _DEEPEST:
        raise NotJson(f"{where} is nested deeper than {_DEEPEST} levels.")
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        _check_integer(value, where)
        return
    if isinstance(value, float):
        _check_float(value, where)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            _check(item, f"{where}[{number}]", depth + 1)
    elif isinstance(value, dict):
        _check_mapping(value, where, depth)
    else:
        raise NotJson(
            f"{where} is a {type(value).__name__}, which JSON can't carry; "
            "pass numbers, text, lists and dicts."
        )


def _check_integer(value: int, where: str) -> None:
    if value.bit_length() > LARGEST_INTEGER_BITS:
        raise NotJson(f"{where} is an integer of more than 4,200 digits; pass it as text.")


def _check_float(value: float, where: str) -> None:
    if value != value or value in (float("inf"), float("-inf")):
        raise NotJson(f"{where} is {value}, which JSON can't carry; pass None instead.")


def _check_mapping(value: dict[object, object], where: str, depth: int) -> None:
    for key, item in value.items():
        if not isinstance(key, str):
            raise NotJson(f"{where} has the key {key!r}; JSON's keys are text.")
        _check(item, f"{where}[{key!r}]", depth + 1)
