"""Settings are read once, and a wrong one is named at the start."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from inception.runs.errors import SettingsError
from inception.runs.settings import (
    NAMES,
    AsyncMode,
    LogFormat,
    Process,
    Settings,
    unknown_settings,
)

EXAMPLES = {
    "redis_url": ("REDIS_URL", "rediss://:pw@db:6380/1", "rediss://:pw@db:6380/1"),
    "broker_url": ("INCEPTION_BROKER_URL", "amqp://mq//", "amqp://mq//"),
    "host": ("INCEPTION_HOST", "0.0.0.0", "0.0.0.0"),
    "port": ("INCEPTION_PORT", "8001", 8001),
    "state_dir": ("INCEPTION_STATE_DIR", "/srv/state", Path("/srv/state")),
    "tasks": ("INCEPTION_TASKS", "shop.tasks, other", ("shop.tasks", "other")),
    "processes": ("INCEPTION_PROCESSES", "web", (Process.WEB,)),
    "concurrency": ("INCEPTION_CONCURRENCY", "3", 3),
    "users": ("INCEPTION_USERS", "/etc/users", Path("/etc/users")),
    "retention_days": ("INCEPTION_RETENTION_DAYS", "7", 7),
    "retention_runs": ("INCEPTION_RETENTION_RUNS", "9", 9),
    "async_mode": ("INCEPTION_ASYNC_MODE", "threading", AsyncMode.THREADING),
    "heartbeat_ttl": ("INCEPTION_HEARTBEAT_TTL", "2.5", 2.5),
    "max_rescues": ("INCEPTION_MAX_RESCUES", "0", 0),
    "max_losses": ("INCEPTION_MAX_LOSSES", "1", 1),
    "log": ("INCEPTION_LOG", "json", LogFormat.JSON),
    "secret_keys": ("INCEPTION_SECRET_KEYS", "a,b", ("a", "b")),
    "secret_names": ("INCEPTION_SECRET_NAMES", "API-Key,pin", ("api_key", "pin")),
    "trusted_proxies": ("INCEPTION_TRUSTED_PROXIES", "1", 1),
    "max_strangers": ("INCEPTION_MAX_STRANGERS", "0", 0),
    "embed_origins": (
        "INCEPTION_EMBED_ORIGINS",
        "https://Shop.example",
        frozenset({"https://shop.example"}),
    ),
}
"""For each field its name in the environment, a text, and what that is read as."""

WRONG = [
    ("REDIS_URL", "db:6379"),
    ("REDIS_URL", "sentinel://one:26379/0"),
    ("REDIS_URL", "redis://one:port/0"),
    ("REDIS_URL", "redis://one:0"),
    ("REDIS_URL", "rediss://one/zero"),
    ("REDIS_URL", "unix:///run/redis.sock?password=secret"),
    ("INCEPTION_BROKER_URL", "kafka://mq"),
    ("INCEPTION_PORT", "65536"),
    ("INCEPTION_PORT", "http"),
    ("INCEPTION_TASKS", "shop/tasks.py"),
    ("INCEPTION_PROCESSES", "web,database"),
    ("INCEPTION_CONCURRENCY", "0"),
    ("INCEPTION_RETENTION_DAYS", "0"),
    ("INCEPTION_RETENTION_RUNS", "many"),
    ("INCEPTION_ASYNC_MODE", "asyncio"),
    ("INCEPTION_HEARTBEAT_TTL", "0.1"),
    ("INCEPTION_HEARTBEAT_TTL", "nan"),
    ("INCEPTION_MAX_RESCUES", "-1"),
    ("INCEPTION_MAX_LOSSES", "1.5"),
    ("INCEPTION_LOG", "xml"),
    ("INCEPTION_EMBED_ORIGINS", "https://shop.example/path?"),
    ("INCEPTION_TRUSTED_PROXIES", "11"),
    ("INCEPTION_MAX_STRANGERS", "-1"),
]
ANYTHING_GOES = {
    *("INCEPTION_HOST", "INCEPTION_STATE_DIR", "INCEPTION_USERS"),
    *("INCEPTION_SECRET_KEYS", "INCEPTION_SECRET_NAMES"),
}
"""Texts that only the system, or the vault, can judge: what is wrong with them shows there."""


def test_every_setting_has_an_example_and_a_wrong_one() -> None:
    assert set(EXAMPLES) == {field.name for field in fields(Settings)}
    assert {name for name, _text, _value in EXAMPLES.values()} == NAMES
    assert {name for name, _text in WRONG} | ANYTHING_GOES == NAMES


@pytest.mark.parametrize("field", EXAMPLES)
def test_a_setting_is_read(field: str) -> None:
    name, text, value = EXAMPLES[field]
    assert getattr(Settings.from_environment({name: text}), field) == value


@pytest.mark.parametrize("field", EXAMPLES)
def test_an_empty_setting_is_one_that_is_not_set(field: str) -> None:
    assert Settings.from_environment({EXAMPLES[field][0]: " "}) == Settings()


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_wrong_setting_is_named_with_what_it_takes(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=rf"{name}.*takes"):
        Settings.from_environment({name: text})


@pytest.mark.parametrize(
    "wrong",
    [
        *("http://:secret@db", "sentinel://:secret@one/0", "redis://:secret/half@one:6379/0"),
        *("redis://:12/secret@one/0", "redis://one/0?password=secret"),
    ],
)
def test_a_wrong_address_is_not_repeated_since_it_may_hold_a_password(wrong: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings.from_environment({"REDIS_URL": wrong})
    assert "secret" not in str(refusal.value)


def test_a_misspelt_setting_is_found_with_the_one_that_was_meant() -> None:
    environ = {"INCEPTION_PROT": "1", "INCEPTION_URL": "u", "INCEPTION_PORT": "1", "PATH": "p"}
    assert unknown_settings(environ) == {"INCEPTION_PROT": "INCEPTION_PORT"}
    assert unknown_settings({"INCEPTION_": "1"})
