"""What the store publishes, and which of it may be passed on as the text it came as."""

from __future__ import annotations

import json

from tests.unit.webapp.records import batch
from webapp.relay.published import AsHeard, read_published


def test_a_batch_comes_with_its_text() -> None:
    text = json.dumps(batch(1, 2))
    heard = read_published(text).batch
    assert heard == batch(1, 2)
    assert isinstance(heard, AsHeard)
    assert heard.text == text


def test_half_a_character_is_written_anew_and_not_passed_on() -> None:
    said = {**batch(1, 2), "note": "\ud83d"}
    heard = read_published(json.dumps(said, ensure_ascii=False)).batch
    assert heard == said
    assert not isinstance(heard, AsHeard)


def test_a_run_that_is_gone_is_no_batch() -> None:
    published = read_published('{"gone":true}')
    assert published.gone
    assert published.batch is None
