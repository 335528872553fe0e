"""Whom the web believes about where a request comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.webapp.guarded import GuardedWeb
from webapp.auth import attempts

Behind = Callable[[int], GuardedWeb]


@pytest.fixture
def behind(redis_url: str, tmp_path: Path) -> Iterator[Behind]:
    """A web that trusts so many proxies."""
    opened: list[GuardedWeb] = []

    def start(proxies: int) -> GuardedWeb:
        opened.append(GuardedWeb(redis_url, tmp_path, trusted_proxies=proxies))
        return opened[-1]

    yield start
    for web in opened:
        web.stop()


def tries_until_cut_off(web: GuardedWeb, addresses: Callable[[int], str]) -> int:
    """How many names may be tried, the addresses being those that `X-Forwarded-For` claims."""
    for tried in range(attempts.MOST_OF_ONE * 2):
        answer = web.call(
            "POST",
            "/signin",
            data={"name": f"nobody{tried}", "password": "x"},
            headers={"X-Forwarded-For": addresses(tried)},
        )
        if answer.status_code == 429:
            return tried
    return attempts.MOST_OF_ONE * 2


def test_an_address_that_a_client_claims_is_not_believed(behind: Behind) -> None:
    assert tries_until_cut_off(behind(0), lambda n: f"192.0.2.{n}") == attempts.MOST_OF_ONE


def test_a_trusted_proxy_tells_clients_apart(behind: Behind) -> None:
    assert tries_until_cut_off(behind(1), lambda n: f"192.0.2.{n}") == attempts.MOST_OF_ONE * 2


def test_what_a_client_adds_before_the_proxy_does_is_not_believed(behind: Behind) -> None:
    claimed = tries_until_cut_off(behind(1), lambda n: f"198.51.100.{n}, 192.0.2.1")
    assert claimed == attempts.MOST_OF_ONE


def test_of_two_proxies_the_outer_one_says_who_asks(behind: Behind) -> None:
    tried = tries_until_cut_off(behind(2), lambda n: f"203.0.113.9, 192.0.2.1, 10.0.0.{n}")
    assert tried == attempts.MOST_OF_ONE


@pytest.mark.parametrize(("proxies", "secure"), [(0, False), (1, True)])
def test_https_is_believed_of_a_trusted_proxy_alone(
    behind: Behind, proxies: int, secure: bool
) -> None:
    answer = behind(proxies).call(
        "POST",
        "/signin",
        data={"name": "viewer", "password": "correct horse"},
        headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"},
    )
    assert ("Secure" in answer.headers["Set-Cookie"]) is secure


def test_a_proxy_cannot_change_the_name_that_was_asked_for(behind: Behind) -> None:
    answer = behind(1).call(
        "GET",
        "/signin",
        headers={"X-Forwarded-Host": "evil.example", "Origin": "http://evil.example"},
    )
    assert answer.status_code == 403
