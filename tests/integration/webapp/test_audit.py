"""No deed without its line on the audit list, and no line without its deed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis

from inception.runs import keys
from inception.runs.celery_app import create_client
from inception.runs.connection import connect
from inception.runs.control import Control
from inception.runs.errors import RunAlreadyEnded, RunNotEnded
from inception.runs.model import Parent
from inception.runs.settings import Settings
from inception.runs.store import Store
from tests.integration.webapp.guarded import GuardedWeb
from tests.integration.webapp.owner import Owner
from webapp.auth.audit import Audit
from webapp.auth.roles import Role

NAME = "tasks.outer"


@pytest.fixture
def control(redis_url: str, store: Store) -> Control:
    store.write_catalogue([Parent(name=NAME, doc="", schema={}, steps=None)])
    return Control(store, create_client(Settings(redis_url=redis_url)))


@pytest.fixture
def listed(redis_url: str) -> Callable[[], list[tuple[Any, ...]]]:
    """Who did what, oldest first."""
    audit = Audit(connect(redis_url, purpose="test"))
    return lambda: [
        (one["by"], one["deed"], one["run_id"], one["path"]) for one in reversed(audit.read())
    ]


def test_each_deed_is_noted_by_the_step_that_does_it(
    control: Control, owner: Owner, listed: Callable[[], list[tuple[Any, ...]]]
) -> None:
    first = control.start(NAME, {}, by="ann").run["id"]
    second = control.rerun(first, by="ben")["id"]
    control.revoke(first, by="cat", reason=None)  # nobody holds it, so that ends it
    control.retry(first, by="dan")
    control.revoke(first, by="eve", reason=None)
    control.delete(first, by="fay")
    assert listed() == [
        ("ann", "start", first, None),
        ("ben", "rerun", second, None),
        ("cat", "revoke", first, None),
        ("dan", "retry", first, None),
        ("eve", "revoke", first, None),
        ("fay", "delete", first, None),
    ]


def test_the_path_of_a_branch_is_noted(
    control: Control, owner: Owner, listed: Callable[[], list[tuple[Any, ...]]]
) -> None:
    run = owner.begin()
    run.spawn("0")
    control.revoke(run.id, "0", by="ann", reason=None)
    assert listed() == [("ann", "revoke", run.id, "0")]


def test_what_is_refused_or_done_already_is_not_noted(
    control: Control, owner: Owner, listed: Callable[[], list[tuple[Any, ...]]]
) -> None:
    run = owner.begin()
    control.revoke(run.id, by="ann", reason=None)
    control.revoke(run.id, by="ben", reason=None)
    with pytest.raises(RunNotEnded):
        control.delete(run.id, by="ben")
    with pytest.raises(RunNotEnded):
        control.retry(run.id, by="ben")
    gone = owner.begin()
    gone.end()
    with pytest.raises(RunAlreadyEnded):
        control.revoke(gone.id, by="ben", reason=None)
    assert listed() == [("ann", "revoke", run.id, None)]


def test_what_a_watcher_does_by_itself_is_not_noted(
    store: Store, owner: Owner, listed: Callable[[], list[tuple[Any, ...]]]
) -> None:
    run = owner.begin()
    store.request_revoke(run.id, "", by="parent", reason=None)
    assert listed() == []


def test_what_cannot_be_noted_is_not_done(
    guarded: GuardedWeb, owner: Owner, redis_url: str
) -> None:
    run_id = owner.begin().id
    token = guarded.token(Role.ADMIN)
    client: redis.Redis = connect(redis_url, purpose="test")
    before = client.hlen(keys.TOKENS)
    client.set(keys.AUDIT, "no list")  # so that nothing can be added to it
    for deed, body in (("revoke", {}), ("tokens", {"expires_in": 9})):
        answer = guarded.call("POST", f"/api/v1/runs/{run_id}/{deed}", token, json=body)
        assert answer.status_code == 500
    assert owner.store.read_run(run_id)["revoke"] is None
    assert client.hlen(keys.TOKENS) == before
