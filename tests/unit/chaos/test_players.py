from __future__ import annotations

import itertools
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.chaos.hammer import players
from tests.chaos.hammer.asking import Answer
from tests.chaos.hammer.evidence import AskedRun
from tests.chaos.hammer.players import Players, StartRefused
from tests.chaos.hammer.shapes import shapes

UNKNOWN: dict[str, Any] = {"error": {"code": "parent_not_found"}}
NOT_FOUND: dict[str, Any] = {"error": {"code": "node_not_found"}}
PRUNED = next(shape for shape in shapes(1) if shape.revoke_path)


def answer(status: int, body: dict[str, Any], at: float) -> Answer:
    return Answer(status=status, body=body, at=at)


def revoked(answers: list[Answer], *, lost: bool) -> AskedRun:
    """What is known of a run once its player has asked for its revoke, and got these answers."""
    told = iter(answers)
    asker = SimpleNamespace(post=lambda _path, _body: next(told))
    audience = SimpleNamespace(wait=lambda _known, _within: None)
    playing = Players(
        cast("Any", asker), cast("Any", audience), itertools.repeat(PRUNED), Path(),
        lambda _at, _since: lost,
    )  # fmt: skip
    playing._runs["r"] = AskedRun(id="r", shape=PRUNED, accepted_at=time.time())
    playing._revoke("r", PRUNED, 0.0)
    assert next(told, None) is None, "all answers were asked for"
    return playing._runs["r"]


def started(answers: list[Answer], *, lost: bool) -> str:
    """The id of a run that was answered so."""
    told = iter(answers)
    asker = SimpleNamespace(post=lambda _path, _body, key: next(told))
    playing = Players(
        cast("Any", asker), cast("Any", None), itertools.repeat(PRUNED), Path(),
        lambda _at, _since: lost,
    )  # fmt: skip
    run_id = playing._start(PRUNED, None)
    assert next(told, None) is None, "all answers were asked for"
    return run_id


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(players, "COMES_AGAIN", 0.0)


def test_a_revoke_is_asked_for_anew_where_redis_has_lost_its_node() -> None:
    run = revoked([answer(404, NOT_FOUND, 1.0), answer(202, {}, 2.0)], lost=True)
    assert (run.revoke_accepted_at, run.refusal) == (2.0, None)


def test_a_revoke_of_a_node_that_nobody_has_lost_is_refused_for_good() -> None:
    run = revoked([answer(404, NOT_FOUND, 1.0)], lost=False)
    assert run.revoke_accepted_at is None
    assert run.refusal is not None


def test_a_start_is_asked_for_anew_until_parents_are_announced_to_an_emptied_redis() -> None:
    assert started([answer(404, UNKNOWN, 1.0), answer(201, {"id": "r"}, 2.0)], lost=True) == "r"


def test_a_start_of_what_nobody_knows_is_refused_for_good() -> None:
    with pytest.raises(StartRefused):
        started([answer(404, UNKNOWN, 1.0)], lost=False)
