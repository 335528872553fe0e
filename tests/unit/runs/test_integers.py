"""Whose language writes all numbers alike starts runs with integers all the same."""

from __future__ import annotations

import pytest

from inception.runs.integers import with_integers
from inception.runs.model import JsonValue

INTEGER = {"type": "integer"}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "limit": INTEGER,
        "delay": {"type": "number"},
        "either": {"anyOf": [INTEGER, {"type": "number"}]},
        "maybe": {"anyOf": [INTEGER, {"type": "null"}]},
        "several": {"type": "array", "items": INTEGER},
        "inner": {"$ref": "#/$defs/Inner"},
        "any": {},
    },
    "$defs": {"Inner": {"type": "object", "properties": {"n": {"type": ["integer", "null"]}}}},
}


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"limit": 5.0}, {"limit": 5}),
        ({"limit": 1e20}, {"limit": 10**20}),
        ({"maybe": 5.0}, {"maybe": 5}),
        ({"several": [1, 2.0, 3.5]}, {"several": [1, 2, 3.5]}),
        ({"inner": {"n": 5.0, "m": 5.0}}, {"inner": {"n": 5, "m": 5.0}}),
    ],
)
def test_a_float_without_a_fraction_is_an_integer_where_one_is_wanted(
    given: dict[str, JsonValue], made: dict[str, JsonValue]
) -> None:
    before = repr(given)
    assert repr(with_integers(SCHEMA, given)) == repr(made)
    assert repr(given) == before, "what was given is left as it was"


@pytest.mark.parametrize(
    "given",
    [
        {"delay": 5.0}, {"either": 5.0}, {"any": 5.0}, {"limit": 5.5}, {"limit": "5"},
        {"limit": True}, {"limit": None}, {"unknown": 5.0}, {},
    ],
)  # fmt: skip
def test_all_else_is_left_as_it_was_given(given: dict[str, JsonValue]) -> None:
    assert repr(with_integers(SCHEMA, given)) == repr(given)
