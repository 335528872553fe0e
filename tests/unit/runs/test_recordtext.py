"""Records as text with one field a line."""

from __future__ import annotations

import json
from dataclasses import asdict

from inception.runs.model import State
from inception.runs.records import BeatRecord, ClaimRecord, EndRecord, Fields
from inception.runs.recordtext import (
    arguments_of,
    beat_of,
    claim_of,
    end_in_message,
    end_of,
    fields_of,
    patch,
    raw,
)


def text_of(fields: Fields) -> str:
    """A record as `render` in `lua/prelude.lua` writes it."""
    lines = (f'"{name}":{value}' for name, value in fields.items())
    return "{\n" + "\n,".join(lines) + "\n}"


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


def test_what_a_newer_version_says_beside_what_is_known_is_passed_over() -> None:
    """In the middle of an upgrade the older processes read what the newer ones write."""
    beat = BeatRecord(
        process="h:w:1", kind="watcher", host="h", pid=1, name="w", slots=1, queues=("parents",),
        running=(("a", "0", 1),), stopping=False, counter=1, seen_at=1,
    )  # fmt: skip
    said = {**asdict(beat), "running": [["a", "0", 1, "more"]], "mood": "good"}
    assert beat_of(json.dumps(said)) == beat
    claim = ClaimRecord(attempt=1, retries=0, task_id="t", worker="w", pid=1, at=1)
    assert claim_of(json.dumps({**asdict(claim), "nonce": "n", "mood": "good"})) == claim
    ended = patch(
        attempt=1, retries=0, state=State.SUCCESS, meta={}, value=None, traceback=None,
        error_type=None, at=1, mood="good",
    )  # fmt: skip
    end = EndRecord(
        attempt=1, retries=0, state=State.SUCCESS, meta={}, value_text=None, traceback=None,  # type: ignore[typeddict-item]
        error_type=None, at=1,
    )  # fmt: skip
    assert end_of(text_of(ended)) == end
    assert end_in_message(json.loads(text_of(ended))) == end
