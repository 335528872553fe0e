"""`flask runs tokens` and `audit` beside a web that takes what they give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from inception.runs.connection import connect
from tests.integration.webapp.guarded import GuardedWeb
from webapp.auth.audit import Audit, Deed
from webapp.auth.roles import Role
from webapp.cli.complete import complete_group


@pytest.fixture
def guarded(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[GuardedWeb]:
    """A web with users, in the environment of whose processes the commands are called."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("INCEPTION_USERS", str(tmp_path / "users"))
    web = GuardedWeb(redis_url, tmp_path)
    yield web
    web.stop()


def run(*words: str) -> Result:
    return CliRunner().invoke(complete_group(), words)


def test_a_token_is_given_listed_and_taken_back(guarded: GuardedWeb) -> None:
    token = run("tokens", "add", "nightly", "--role", "viewer", "--expires-in", "1h").output.strip()
    assert guarded.call("GET", "/api/v1/runs", token).status_code == 200
    (listed,) = json.loads(run("tokens", "list", "--json").output)["tokens"]
    assert (listed["name"], listed["role"]) == ("nightly", "viewer")
    assert listed["expires_at"] == listed["created_at"] + 3_600_000
    assert token not in str(listed)
    assert run("tokens", "revoke", listed["id"]).exit_code == 0
    assert guarded.call("GET", "/api/v1/runs", token).status_code == 401
    assert run("tokens", "revoke", listed["id"]).exit_code != 0


def test_sessions_are_ended_by_name(guarded: GuardedWeb) -> None:
    browser = guarded.browser(Role.VIEWER)
    assert run("users", "signout", "viewer").output.strip() == "1 ended."
    assert browser.get("/api/v1/runs").status_code == 401


def test_the_audit_list_is_exported_a_line_an_entry(guarded: GuardedWeb) -> None:
    guarded.gate.door.audit.record(Deed.SIGN_IN, by="ann", address="192.0.2.1")
    (line,) = run("audit", "--json").output.splitlines()
    entry = json.loads(line)
    assert entry.pop("at") > 0
    assert entry == {
        "by": "ann",
        "deed": "sign_in",
        "run_id": None,
        "path": None,
        "address": "192.0.2.1",
    }


def test_the_audit_list_has_a_bound(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.auth.audit.MAX_ENTRIES", 10)
    audit = Audit(connect(redis_url, purpose="test"))
    for number in range(300):
        audit.record(Deed.START, by=f"{number}" * 100)
    kept = audit.read(1_000)
    assert len(kept) < 300
    assert kept[0]["by"].startswith("299")
    assert len(kept[0]["by"]) == 200
