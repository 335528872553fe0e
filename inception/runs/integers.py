"""JSON has one kind of number and Python two: `5.0` fits an integer's schema, but no `range()`.

Pure. Whose language writes all numbers alike is understood: where a schema wants an integer, a
float without a fraction is made one. Elsewhere, and where there is a fraction, nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from inception.runs.model import JsonValue

_Strict: Final = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _checker, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)
"""Refuses the floats that JSON Schema lets pass as integers, and so says where they are."""


def with_integers(
    schema: Mapping[str, Any], kwargs: Mapping[str, JsonValue]
) -> Mapping[str, JsonValue]:
    """`kwargs` with integers where `schema` wants such and floats without a fraction are."""
    places = [
        place
        for error in _Strict(schema).iter_errors(dict(kwargs))
        for place in _floats_for_integers(error)
    ]
    if not places:
        return kwargs
    made: Any = deepcopy(dict(kwargs))
    for *above, last in places:
        holder = made
        for part in above:
            holder = holder[part]
        holder[last] = int(holder[last])
    return made  # type: ignore[no-any-return]  # what was a mapping of JSON's values still is


def _floats_for_integers(error: ValidationError) -> Iterator[Sequence[str | int]]:
    """Where `error`, or one of those that it consists of, is about such a float."""
    for part in error.context or ():
        yield from _floats_for_integers(part)
    wanted, given = error.validator_value, error.instance
    wants_integer = wanted == "integer" or (isinstance(wanted, list) and "integer" in wanted)
    is_whole = isinstance(given, float) and given.is_integer()
    if error.validator == "type" and wants_integer and is_whole and error.absolute_path:
        yield list(error.absolute_path)
