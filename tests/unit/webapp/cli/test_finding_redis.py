"""Where the command line looks for Redis."""

from __future__ import annotations

from pathlib import Path

import pytest

from inception.runs.errors import SettingsError
from inception.runs.settings import Settings
from webapp.cli.session import find_redis


def test_redis_url_comes_first(tmp_path: Path) -> None:
    (tmp_path / "redis.url").write_text("redis://file/0\n")
    settings = Settings(redis_url="redis://named/0", state_dir=tmp_path)
    assert find_redis(settings) == "redis://named/0"


def test_else_the_address_that_a_running_application_left(tmp_path: Path) -> None:
    (tmp_path / "redis.url").write_text("redis://file/0\n")
    assert find_redis(Settings(state_dir=tmp_path)) == "redis://file/0"


def test_without_either_both_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="REDIS_URL"):
        find_redis(Settings(state_dir=tmp_path))
