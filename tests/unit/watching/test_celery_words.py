"""A word on Celery's result channel says the same, whichever way it is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inception.runs.meta import LARGEST_COUNT, read_meta
from inception.runs.model import MAX_MESSAGE_BYTES
from inception.runs.recordtext import raw, raw_meta
from inception.watching.results import CeleryWord

NUMBERS = st.one_of(st.integers(), st.floats(), st.booleans(), st.none())
TEXTS = st.text(st.characters())  # lone surrogates too
METAS = st.fixed_dictionaries(
    {},
    optional={
        "iteration": NUMBERS,
        "current": NUMBERS,
        "total": NUMBERS,
        "completion": st.one_of(NUMBERS, st.floats(0, 100)),
        "status": st.one_of(st.none(), TEXTS, st.integers()),
        "message": st.one_of(st.none(), TEXTS, st.integers()),
        "error": st.one_of(st.none(), TEXTS, st.booleans()),
        "more": TEXTS,
    },
)
PLAIN = {"iteration": 3, "total": 10, "completion": 30.0, "status": "PROGRESS", "message": "so far"}


def said(result: object, status: str = "PROGRESS", **rest: object) -> str:
    return json.dumps({"status": status, "result": result, "traceback": None, **rest})


def read(text: str) -> tuple[str, Any]:
    """The state, and the meta as it would be kept."""
    word = CeleryWord.from_text(text)
    assert word is not None
    return word.state, word.meta or read_meta(word.result)


@given(meta=METAS)
@example(meta={**PLAIN, "error": None})
@example(meta={**PLAIN, "completion": -0.0})
@example(meta={**PLAIN, "completion": 33.33333})
@example(meta={**PLAIN, "completion": 100})
@example(meta={**PLAIN, "completion": 250.5})
@example(meta={**PLAIN, "completion": -5.0})
@example(meta={**PLAIN, "status": "x" * 100})
@example(meta={**PLAIN, "total": -LARGEST_COUNT - 1})
@example(meta={**PLAIN, "iteration": LARGEST_COUNT + 1})
@example(meta={**PLAIN, "iteration": 2.0})
@example(meta={**PLAIN, "iteration": True})
@example(meta={**PLAIN, "status": ""})
@example(meta={**PLAIN, "message": "ä" * MAX_MESSAGE_BYTES})
@example(meta={**PLAIN, "message": "x" * MAX_MESSAGE_BYTES})
@example(meta={**PLAIN, "message": "\ud800"})
@example(meta={**PLAIN, "error": "it failed"})
@example(meta={**PLAIN, "total": float("nan")})
def test_progress_reads_as_it_would_undecided(meta: dict[str, object]) -> None:
    """However a task wrote its meta, and though most words are read in one go."""
    status, kept = read(said(meta, children=[], date_done=None))
    assert (status, kept) == ("PROGRESS", read_meta(json.loads(json.dumps(meta))))
    assert str(kept["completion"])[0] != "-"
    assert [type(value) for value in kept.values()] == [
        type(value) for value in read_meta(meta).values()
    ]


def test_most_words_are_read_in_one_go() -> None:
    word = CeleryWord.from_text(said({**PLAIN, "error": None}, children=[], task_id="an-id"))
    assert word is not None
    assert word.meta == {**PLAIN, "error": None}


@pytest.mark.parametrize(
    ("text", "state", "result"),
    [
        (said({"a": 10**30}, "SUCCESS"), "SUCCESS", {"a": 10**30}),
        (said("a word", "PROGRESS"), "PROGRESS", "a word"),
        (said([1], "PROGRESS"), "PROGRESS", [1]),
        (said(PLAIN, "COMPUTING"), "COMPUTING", PLAIN),
    ],
)
def test_any_other_word_is_kept_as_it_is(text: str, state: str, result: object) -> None:
    word = CeleryWord.from_text(text)
    assert word is not None
    assert (word.state, word.result, word.meta) == (state, result, None)


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[]", '{"status": "PROGRESS"}', '{"status": "PROGRESS", "result": {}']
)
def test_what_is_no_word_of_celerys_is_none(text: str) -> None:
    assert CeleryWord.from_text(text) is None


@given(said=METAS)
@example(said={"status": "\x7f"})
def test_a_meta_is_written_as_any_other_value(said: dict[str, object]) -> None:
    meta = read_meta(said)
    assert raw_meta(meta) == raw(meta)
