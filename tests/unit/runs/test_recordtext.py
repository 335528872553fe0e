"""Records as text with one field a line."""

from __future__ import annotations

import json

from inception.runs.recordtext import arguments_of, fields_of, patch, raw, text_of


def test_text_is_json_and_splits_into_the_same_fields() -> None:
    fields = patch(path="0", value={"a\n": [], "b": '"x":1\n,"y"'}, big=2**70)
    text = text_of(fields)
    assert json.loads(text) == {name: json.loads(value) for name, value in fields.items()}
    assert fields_of(text) == fields


def test_a_value_written_over_several_lines_stays_one_field() -> None:
    pretty = json.dumps({"a": [1, 2]}, indent=2)
    count, name, value = arguments_of({"value": pretty})
    assert (count, name, json.loads(str(value))) == (1, "value", {"a": [1, 2]})
    assert "\n" not in str(value)


def test_lone_surrogates_are_carried_as_ascii() -> None:
    assert raw("\ud800").isascii()
