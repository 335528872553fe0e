"""Arguments held against a parent's schema, without a store."""

from __future__ import annotations

import pytest

from inception.runs.control import check_arguments
from inception.runs.errors import InvalidArguments
from inception.runs.model import JsonValue, Parent

PARENT = Parent(
    name="tasks.outer",
    doc="",
    schema={
        "type": "object",
        "properties": {"limit": {"type": "integer"}, "a/b": {"type": "array"}},
        "required": ["limit"],
    },
    steps=None,
)


def problems(kwargs: dict[str, JsonValue]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidArguments) as refused:
        check_arguments(PARENT, kwargs)
    return sorted((field["path"], field["message"]) for field in refused.value.fields)


def test_arguments_that_fit_pass() -> None:
    check_arguments(PARENT, {"limit": 3, "a/b": []})


def test_a_missing_argument_is_named() -> None:
    assert problems({}) == [("/limit", "is required")]


def test_an_unknown_argument_is_named_though_the_schema_says_nothing_of_it() -> None:
    assert problems({"limit": 1, "limt": 2}) == [
        ("/limt", "is not an argument; there are limit, a/b")
    ]


@pytest.mark.parametrize("value", ["3", 3.5, True, None])
def test_nothing_is_coerced(value: JsonValue) -> None:
    assert [path for path, _message in problems({"limit": value})] == ["/limit"]


def test_a_pointer_escapes_what_json_pointers_escape() -> None:
    assert problems({"limit": 1, "a/b": 1})[0][0] == "/a~1b"
