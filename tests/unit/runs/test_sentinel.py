"""Addresses behind Sentinel, as they are written here and as Celery is told them."""

from __future__ import annotations

import pytest

from inception.runs.sentinel import Watched, address_of, celery_settings, plain_address

ADDRESS = "sentinel://:p%20w@one:26379,two:26380/3?master=runs"


def test_an_address_names_sentinels_password_database_and_what_is_watched() -> None:
    assert Watched.of(ADDRESS) == Watched(
        sentinels=(("one", 26379), ("two", 26380)),
        master="runs",
        username=None,
        password="p w",
        db=3,
    )
    assert Watched.of("sentinel://one?master=m").sentinels == (("one", 26379),)


@pytest.mark.parametrize("wrong", ["sentinel://one:26379/0", "sentinel:///0?master=m"])
def test_an_address_that_lacks_something_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="sentinel:// address names"):
        Watched.of(wrong)


def test_celery_is_told_each_sentinel_and_its_words_are_understood() -> None:
    told = celery_settings(ADDRESS, "broker_url", "broker_transport_options")
    assert told == {
        "broker_url": "sentinel://:p%20w@one:26379/3;sentinel://:p%20w@two:26380/3",
        "broker_transport_options": {"master_name": "runs"},
    }
    assert address_of(told["broker_url"], told["broker_transport_options"]) == ADDRESS


def test_any_other_address_stays_as_it_is() -> None:
    assert celery_settings("redis://one", "broker_url", "o") == {"broker_url": "redis://one"}
    assert address_of("redis://one", None) == plain_address("redis://one") == "redis://one"
