"""Which address may be bound to, by whom one asks to sign in."""

from __future__ import annotations

from pathlib import Path

import pytest

from inception.runs.errors import SettingsError
from inception.runs.settings import Settings
from webapp.binding import check_binding


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1"])
def test_loopback_needs_no_users(host: str) -> None:
    check_binding(Settings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org"])
def test_others_are_let_in_only_with_users(host: str) -> None:
    with pytest.raises(SettingsError, match="INCEPTION_USERS"):
        check_binding(Settings(host=host))


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "example.org"])
def test_with_users_others_are_let_in(tmp_path: Path, host: str) -> None:
    check_binding(Settings(host=host, users=tmp_path / "users"))
