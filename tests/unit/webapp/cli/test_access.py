"""`flask runs users`: what needs no Redis."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from inception.runs.errors import BadRequest
from webapp.auth.passwords import is_right
from webapp.auth.users import read_accounts
from webapp.cli.access import parse_span
from webapp.cli.complete import complete_group


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where INCEPTION_USERS points to."""
    path = tmp_path / "users"
    monkeypatch.setenv("INCEPTION_USERS", str(path))
    return path


def run(*words: str, said: str = "") -> Result:
    return CliRunner().invoke(complete_group(), words, input=said)


def test_a_user_is_added_with_a_password_from_standard_input(path: Path) -> None:
    result = run("users", "add", "ann", "--role", "operator", said="correct horse\n")
    account = read_accounts(path)["ann"]
    assert result.exit_code == 0
    assert account.role == "operator"
    assert is_right("correct horse", account.hash)
    assert "correct horse" not in path.read_text() + result.output


def test_users_are_listed_and_removed(path: Path) -> None:
    run("users", "add", "ann", "--role", "admin", said="correct horse\n")
    listed = run("users", "list", "--json")
    assert json.loads(listed.output) == {"users": [{"name": "ann", "role": "admin"}]}
    assert run("users", "rm", "ann").exit_code == 0
    assert run("users", "rm", "ann").exit_code != 0


@pytest.mark.parametrize("name", ["a:b", "", " ", "a" * 65, "-a", "a\nb"])
def test_a_name_that_would_spoil_the_file_is_refused(path: Path, name: str) -> None:
    assert run("users", "add", "--role", "admin", "--", name, said="x\n").exit_code != 0
    assert not path.exists()


def test_no_password_makes_no_user(path: Path) -> None:
    assert run("users", "add", "ann", "--role", "admin").exit_code != 0
    assert not path.exists()


def test_without_the_setting_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INCEPTION_USERS", raising=False)
    result = run("users", "list")
    assert result.exit_code != 0
    assert "INCEPTION_USERS" in result.output


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("15m", 900), ("12h", 43_200), ("30d", 2_592_000)],
)
def test_a_lifetime_is_read_in_the_usual_words(text: str, seconds: int) -> None:
    assert parse_span(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-1", "1w", "soon", "1h30m"])
def test_what_is_no_lifetime_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_span(text)
