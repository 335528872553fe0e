"""How often one may try to sign in: by address, by name, in all, and where a name is known."""

from __future__ import annotations

from contextlib import suppress

import pytest
import redis

from inception.runs.connection import connect
from tests.integration.webapp.guarded import Browser, GuardedWeb
from webapp.auth import attempts
from webapp.auth.roles import Role
from webapp.errors import TooManyRequests


def test_a_flood_of_tries_is_cut_off_before_the_password_is_looked_at(visitor: Browser) -> None:
    for _ in range(attempts.MOST_OF_ONE):
        assert visitor.sign_in("viewer", "wrong").status_code == 401
    assert visitor.sign_in("viewer").status_code == 429
    assert visitor.sign_in("admin").status_code == 429  # from the same address
    assert not visitor.is_signed_in()


def test_one_address_does_not_use_up_the_tries_of_all_others(
    guarded: GuardedWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "MOST_AT_ALL", attempts.MOST_OF_ONE + 1)
    counting = attempts.Attempts(connect(guarded.redis_url, purpose="test"))
    for number in range(50):
        with suppress(TooManyRequests):
            counting.count("192.0.2.1", f"name{number}")
    counting.count("192.0.2.2", "ann")
    with pytest.raises(TooManyRequests):
        counting.count("192.0.2.3", "ben")


def counting(guarded: GuardedWeb, monkeypatch: pytest.MonkeyPatch) -> attempts.Attempts:
    """What counts tries, but not how many come within a minute."""
    monkeypatch.setattr(attempts, "MOST_OF_ONE", 10_000)
    monkeypatch.setattr(attempts, "MOST_OF_KNOWN", 10_000)
    monkeypatch.setattr(attempts, "MOST_AT_ALL", 10_000)
    return attempts.Attempts(connect(guarded.redis_url, purpose="test"))


def use_up(tries: attempts.Attempts, address: str, name: str) -> int:
    """How many tries of that name are let through from there."""
    for tried in range(1_000):
        try:
            tries.count(address, name)
        except TooManyRequests:
            return tried
    return 1_000


def test_no_single_address_keeps_a_name_from_signing_in(
    guarded: GuardedWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = counting(guarded, monkeypatch)
    assert use_up(tries, "192.0.2.1", "ann") == attempts.MOST_OF_BOTH
    assert use_up(tries, "192.0.2.1", "ben") == attempts.MOST_OF_BOTH
    tries.count("192.0.2.2", "ann")


def test_many_addresses_keep_a_name_out_of_none_that_it_signed_in_from(
    guarded: GuardedWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the tries for one name are bounded, and it signs in where it always does."""
    tries = counting(guarded, monkeypatch)
    tries.remember("198.51.100.7", "ann")
    let_through = sum(use_up(tries, f"192.0.2.{number}", "ann") for number in range(20))
    assert let_through == attempts.MOST_FOR_NAME
    with pytest.raises(TooManyRequests, match="60 min"):
        tries.count("198.51.100.8", "ann")
    assert use_up(tries, "198.51.100.7", "ann") == attempts.MOST_OF_BOTH


def test_an_address_is_known_once_the_name_has_signed_in_from_it(
    guarded: GuardedWeb, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "MOST_FOR_NAME", 1)
    visitor.sign_in("viewer", "wrong")
    assert visitor.sign_in("viewer").status_code == 429
    monkeypatch.setattr(attempts, "MOST_FOR_NAME", 2)
    for name in ("operator", "operator", "operator"):
        assert visitor.sign_in(name).status_code == 302


def test_people_who_share_a_name_and_an_address_all_sign_in(
    guarded: GuardedWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = counting(guarded, monkeypatch)
    for _ in range(attempts.MOST_OF_BOTH + 1):
        tries.count("192.0.2.1", "ann")
        tries.remember("192.0.2.1", "ann")
    assert use_up(tries, "192.0.2.1", "ann") == attempts.MOST_OF_BOTH


OFFICE = "203.0.113.5"


@pytest.fixture
def tries(guarded: GuardedWeb) -> attempts.Attempts:
    """What counts tries, with each bound as it is; ann has signed in from the office."""
    tries = attempts.Attempts(connect(guarded.redis_url, purpose="test"))
    tries.remember(OFFICE, "ann")
    return tries


def test_who_is_known_at_an_address_shares_no_tries_with_its_strangers(
    tries: attempts.Attempts,
) -> None:
    """Of an office behind one address: nobody there keeps those out who always sign in there."""
    assert use_up(tries, OFFICE, "nobody") == attempts.MOST_OF_ONE
    assert use_up(tries, OFFICE, "ben") == 0
    assert use_up(tries, OFFICE, "ann") == attempts.MOST_OF_KNOWN


def test_who_is_known_uses_up_no_tries_of_strangers(
    tries: attempts.Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "MOST_AT_ALL", 2)
    monkeypatch.setattr(attempts, "MOST_FOR_NAME", 1)
    assert use_up(tries, OFFICE, "ann") == attempts.MOST_OF_KNOWN
    tries.count(OFFICE, "ben")
    tries.count("192.0.2.2", "ann")
    with pytest.raises(TooManyRequests):
        tries.count("192.0.2.3", "cat")


def test_no_flood_from_anywhere_keeps_those_out_who_are_known(
    tries: attempts.Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "MOST_AT_ALL", 30)
    let_through = sum(use_up(tries, f"192.0.2.{number}", f"n{number}") for number in range(9))
    assert let_through == 30
    assert use_up(tries, "192.0.2.100", "ben") == 0
    assert use_up(tries, OFFICE, "ann") == attempts.MOST_OF_KNOWN


def test_being_known_lets_nobody_guess_on(
    tries: attempts.Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not that name, though it gets in between; nor any other; nor for more than an hour's."""
    for _ in range(attempts.MOST_OF_KNOWN):
        tries.count(OFFICE, "ann")
        tries.remember(OFFICE, "ann")
    assert use_up(tries, OFFICE, "ann") == 0
    assert use_up(tries, OFFICE, "ben") == attempts.MOST_OF_ONE
    monkeypatch.setattr(attempts, "MOST_OF_KNOWN", 10_000)
    assert use_up(tries, OFFICE, "ann") == attempts.MOST_OF_BOTH


def test_a_name_is_known_at_so_many_addresses(
    tries: attempts.Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It signs in anew from the office meanwhile, so that is none of those it left."""
    monkeypatch.setattr(attempts, "MOST_OF_ONE", 0)
    monkeypatch.setattr(attempts, "MOST_OF_KNOWN", 1)
    for number in range(attempts.MOST_KNOWN + 5):
        tries.remember(f"192.0.2.{number}", "ann")
        tries.remember(OFFICE, "ann")
    known = [use_up(tries, f"192.0.2.{number}", "ann") for number in range(25)]
    assert known == [0] * 6 + [1] * (attempts.MOST_KNOWN - 1)
    assert use_up(tries, OFFICE, "ann") == 1


def test_a_name_is_known_for_a_time(
    tries: attempts.Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "KNOWN_FOR", 0)
    monkeypatch.setattr(attempts, "MOST_OF_ONE", 3)
    assert use_up(tries, OFFICE, "ann") == 3


def test_a_try_takes_one_round_trip_whether_or_not_the_name_is_known(
    tries: attempts.Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    send = redis.connection.AbstractConnection.send_packed_command
    monkeypatch.setattr(
        redis.connection.AbstractConnection,
        "send_packed_command",
        lambda *words, **how: (asked.append(words[1]), send(*words, **how))[1],
    )
    counted = []
    for name in ("warming up", "ann", "ben"):
        asked.clear()
        tries.count(OFFICE, name)
        counted.append(len(asked))
    assert counted[1:] == [1, 1]


def test_colleagues_of_who_mistypes_sign_in(guarded: GuardedWeb, visitor: Browser) -> None:
    """All of them come from the address of this machine."""
    guarded.browser(Role.VIEWER)
    for _ in range(attempts.MOST_OF_ONE):
        visitor.sign_in("operator", "wrong")
    assert visitor.sign_in("operator").status_code == 429
    assert visitor.sign_in("viewer").status_code == 302
