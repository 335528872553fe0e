"""What the store publishes, and which of it may be passed on as the text it came as."""

from __future__ import annotations

import json

import pytest

from inception.runs.model import Batch
from tests.unit.webapp.records import batch, node_event
from webapp.relay.published import AsHeard, read_published


def published(batch: Batch) -> str:
    """As the store writes it."""
    return json.dumps(batch, separators=(",", ":"), ensure_ascii=False)


def test_a_batch_comes_with_its_text_and_is_read_when_it_is_looked_into() -> None:
    text = published(batch(1, 3))
    heard = read_published(text).batch
    assert isinstance(heard, AsHeard)
    assert heard.text == text
    assert heard.at == 2
    assert (heard["run_id"], heard["epoch"], heard["from"], heard["to"]) == ("r", "e1", 1, 3)
    assert heard["events"] == batch(1, 3)["events"]
    assert heard == batch(1, 3)
    with pytest.raises(KeyError):
        heard["other"]


def test_what_is_written_otherwise_is_read_all_the_same() -> None:
    heard = read_published(json.dumps(batch(1, 2))).batch
    assert heard == batch(1, 2)
    assert not isinstance(heard, AsHeard)


def test_half_a_character_is_written_anew_and_not_passed_on() -> None:
    said = batch(1, 2, node_event(2, "0", "\ud83d"))
    heard = read_published(published(said)).batch
    assert heard == said
    assert not isinstance(heard, AsHeard)


def test_a_run_that_is_gone_is_no_batch() -> None:
    told = read_published('{"gone":true}')
    assert told.gone
    assert told.batch is None
