"""`flask runs tokens` and `audit` beside a web that takes what they give."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from inception.runs.connection import connect
from tests.integration.webapp.guarded import Browser, GuardedWeb
from webapp.auth.audit import Audit, Deed
from webapp.auth.roles import Role
from webapp.auth.roll import BY_FILE
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


def run(*words: str, said: str = "") -> Result:
    return CliRunner().invoke(complete_group(), words, input=said)


def deeds(guarded: GuardedWeb) -> list[tuple[str, str, str | None]]:
    """What the list says but for sign-ins, oldest first."""
    entries = reversed(guarded.gate.door.audit.read())
    return [
        (one["by"], one["deed"], one["about"])
        for one in entries
        if not one["deed"].startswith("sign_")
    ]


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


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (("users", "rm", "nobody"), "`runs users list`"),
        (("tokens", "revoke", "none"), "`runs tokens list`"),
        (("show", "none"), "`runs ls`"),
    ],
)
def test_what_is_not_there_is_answered_with_where_to_look(
    guarded: GuardedWeb, words: Sequence[str], where: str
) -> None:
    refused = run(*words)
    assert refused.exit_code == 2
    assert where in refused.stderr


def test_a_file_of_users_that_is_not_there_is_no_empty_one(
    guarded: GuardedWeb, tmp_path: Path
) -> None:
    (tmp_path / "users").unlink()
    refused = run("users", "list")
    assert refused.exit_code == 2
    assert "flask runs users add" in refused.stderr


def test_sessions_are_ended_by_name(guarded: GuardedWeb) -> None:
    browser = guarded.browser(Role.VIEWER)
    assert run("users", "signout", "viewer").output.strip() == "1 session ended."
    assert browser.get("/api/v1/runs").status_code == 401


def test_what_is_done_to_users_and_tokens_is_on_the_list_with_who_did_it(
    guarded: GuardedWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.cli.access.caller", lambda: "root")
    guarded.browser(Role.VIEWER)
    before = len(deeds(guarded))
    run("users", "add", "eve", "--role", "viewer", said="correct horse\n")
    run("users", "add", "eve", "--role", "admin", said="correct horse\n")
    run("users", "signout", "eve")
    run("users", "rm", "eve")
    token = json.loads(run("tokens", "add", "nightly", "--role", "viewer", "--json").output)
    run("tokens", "revoke", token["id"])
    guarded.browser(Role.VIEWER)  # the web has read the file anew, and has nothing to add
    assert deeds(guarded)[before:] == [
        ("root", "add_user", "eve (viewer)"),
        ("root", "change_user", "eve (admin)"),
        ("root", "end_sessions", "eve"),
        ("root", "remove_user", "eve (admin)"),
        ("root", "give_token", "nightly (viewer)"),
        ("root", "take_token", token["id"]),
    ]
    assert token["token"] not in str(guarded.gate.door.audit.read())


def test_what_was_written_into_the_file_by_hand_is_noted_when_it_is_read(
    guarded: GuardedWeb, tmp_path: Path
) -> None:
    guarded.browser(Role.VIEWER)
    assert sorted(deeds(guarded)) == [
        (BY_FILE, "add_user", f"{role} ({role})") for role in sorted(Role)
    ]
    lines = (tmp_path / "users").read_text().replace("viewer:viewer:", "viewer:admin:").splitlines()
    (tmp_path / "users").write_text("\n".join(line for line in lines if "operator" not in line))
    guarded.browser(Role.VIEWER)
    assert deeds(guarded)[3:] == [
        (BY_FILE, "change_user", "viewer (admin)"),
        (BY_FILE, "remove_user", "operator (operator)"),
    ]


def test_users_are_written_while_redis_is_away_and_noted_afterwards(
    guarded: GuardedWeb, monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    result = run("users", "add", "eve", "--role", "viewer", said="correct horse\n")
    assert result.exit_code == 0
    assert "will note this" in result.output
    browser = Browser(guarded.address)
    assert browser.sign_in("eve", "correct horse").status_code == 302
    assert (BY_FILE, "add_user", "eve (viewer)") in deeds(guarded)


def test_a_name_from_outside_is_shown_without_what_a_terminal_obeys(guarded: GuardedWeb) -> None:
    guarded.gate.door.audit.record(Deed.SIGN_IN_REFUSED, by="\x1b]0;eve\x07\x9b2J\nroot")
    [line] = run("audit").output.splitlines()
    assert line.isprintable() or line.replace("\t", "").isprintable()
    assert "eve" in line


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
        "about": None,
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


def test_a_long_audit_list_is_read_whole_and_in_order(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given lists of several pages each, one of which ends with a page."""
    monkeypatch.setattr("webapp.auth.audit._PAGE", 10)
    audit = Audit(connect(redis_url, purpose="test"))
    for number in range(55):
        audit.record(Deed.START, by=str(number))
    for number in range(55, 75):
        audit.record(Deed.SIGN_IN_REFUSED, by=str(number))
    kept = audit.read()
    assert [one["at"] for one in kept] == sorted((one["at"] for one in kept), reverse=True)
    for deed, numbers in ((Deed.START, range(55)), (Deed.SIGN_IN_REFUSED, range(55, 75))):
        of_deed = [one["by"] for one in kept if one["deed"] == deed]
        assert of_deed == [str(number) for number in reversed(numbers)]
    assert audit.read(38) == kept[:38]


def test_what_strangers_try_pushes_nothing_out_that_was_done(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.auth.audit.MAX_REFUSED", 10)
    audit = Audit(connect(redis_url, purpose="test"))
    audit.record(Deed.REMOVE_USER, by="ann", about="ben (admin)")
    for number in range(300):
        audit.record(Deed.SIGN_IN_REFUSED, by=f"stranger{number}", address="192.0.2.1")
    audit.record(Deed.SIGN_IN, by="cat")
    kept = audit.read(1_000)
    assert len(kept) < 300
    assert {"cat", "stranger299"} <= {one["by"] for one in kept[:20]}  # some of one millisecond
    assert [one["at"] for one in kept] == sorted((one["at"] for one in kept), reverse=True)
    assert kept[-1]["deed"] == Deed.REMOVE_USER
    assert len(audit.read(2)) == 2
