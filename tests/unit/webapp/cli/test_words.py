"""How words of the command line are read."""

from __future__ import annotations

import time

import click
import pytest

from inception.runs.model import JsonValue
from webapp.cli.words import KeyValue, Moment, read_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("0.5", 0.5),
        ("true", True),
        ("null", None),
        ("[1, 2]", [1, 2]),
        ('{"a": 1}', {"a": 1}),
        ('"3"', "3"),
        ("three", "three"),
        ("", ""),
        ("NaN", "NaN"),
        ("2026-01-31", "2026-01-31"),
    ],
)
def test_a_value_is_json_where_it_parses_and_else_a_text(text: str, value: JsonValue) -> None:
    assert read_value(text) == value


def test_the_first_equals_sign_divides() -> None:
    assert KeyValue().convert("query=a=b", None, None) == ("query", "a=b")


@pytest.mark.parametrize("word", ["limit", "=3"])
def test_a_word_without_key_or_equals_sign_is_refused(word: str) -> None:
    with pytest.raises(click.BadParameter, match="key=value"):
        KeyValue().convert(word, None, None)


def test_a_span_is_counted_back_from_now() -> None:
    assert Moment().convert("2h", None, None) == pytest.approx(
        (time.time() - 7200) * 1000, abs=5_000
    )


def test_an_iso_time_with_a_zone_is_that_moment() -> None:
    assert Moment().convert("1970-01-01T00:00:01+00:00", None, None) == 1000


def test_what_is_no_time_is_refused_with_an_example() -> None:
    with pytest.raises(click.BadParameter, match="2h"):
        Moment().convert("yesterday", None, None)
