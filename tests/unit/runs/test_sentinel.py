"""Addresses behind Sentinel."""

from __future__ import annotations

import pytest

from inception.runs.sentinel import Watched, plain_address

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


def test_any_other_address_stays_as_it_is() -> None:
    assert plain_address("redis://one") == "redis://one"
