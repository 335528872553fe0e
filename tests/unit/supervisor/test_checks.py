from __future__ import annotations

import os
from pathlib import Path

import pytest

from inception.runs.settings import Settings
from webapp.supervisor import checks


def test_a_file_of_users_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(checks.StartError, match="flask runs users add"):
        checks.check_users(Settings(users=tmp_path / "users"))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:secret@example.org:6379/0", "redis://***@example.org:6379/0"),
        ("redis://name:secret@example.org/1", "redis://***@example.org/1"),
        ("redis://example.org/1", "redis://example.org/1"),
    ],
)
def test_a_password_is_never_shown(url: str, shown: str) -> None:
    assert checks.without_password(url) == shown


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "redis://127.0.0.1:port/0"])
def test_an_address_that_is_none_is_a_clear_error(url: str) -> None:
    with pytest.raises(checks.StartError, match="REDIS_URL"):
        checks.check_redis(url)


def test_the_lock_names_its_holder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LOCK_PATIENCE", 0.0)
    held = checks.lock_state(tmp_path)
    with pytest.raises(checks.StartError, match=rf"pid {os.getpid()}\).*INCEPTION_STATE_DIR"):
        checks.lock_state(tmp_path)
    os.close(held)


def test_the_lock_ends_with_its_holder(tmp_path: Path) -> None:
    os.close(checks.lock_state(tmp_path))
    os.close(checks.lock_state(tmp_path))


def test_a_folder_that_can_not_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(checks.StartError, match="INCEPTION_STATE_DIR"):
        checks.lock_state(tmp_path / "file" / "state")
