"""Every host is cut off in turn, in every manner that a network knows, and comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import product

import pytest

from tests.acceptance.hosts import COMPUTES, WATCHERS, Site
from tests.acceptance.network import skip_without_network

SHORT = 1.0
"""Seconds (s) without a network that nobody is given up for."""
WAYS = [
    *product(("redis", "web", WATCHERS[0], COMPUTES[0]), ("unplugged", "silenced", "half-open")),
    *product((WATCHERS[0], COMPUTES[0]), ("muted",)),
]

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, server_available: None) -> Iterator[Site]:
    skip_without_network()
    site = Site(tmp_path_factory.mktemp("site"))
    yield site
    site.end()


@pytest.mark.parametrize(("name", "manner"), WAYS)
def test_nobody_is_given_up_for_a_moment_without_network(
    site: Site, name: str, manner: str
) -> None:
    ids, finished = site.begin(runs=4, steps=3, seconds=1.0, word=f"{name} {manner} ")

    with site.cut_off(name, manner):
        time.sleep(SHORT)

    site.judge(ids, [name], finished)
    assert site.given_up(ids) == []
    site.wait_until_all_work(f"{name} {manner} later")


@pytest.mark.parametrize(("name", "manner"), WAYS)
def test_nothing_is_lost_without_a_host_and_it_works_once_it_is_back(
    site: Site, name: str, manner: str
) -> None:
    ids, finished = site.begin(runs=4, steps=3, seconds=2.5, word=f"{name} {manner} long ")

    with site.cut_off(name, manner):
        site.wait_until_missed(name, ids)

    site.judge(ids, [name], finished)
    site.wait_until_all_work(f"{name} {manner} long later")


def test_a_client_that_the_web_has_forgotten_comes_back_and_catches_up(site: Site) -> None:
    """It is the one that hears nothing: it waits for a ping that the web sends each 25 s."""
    ids, finished = site.begin(runs=2, steps=2, seconds=2.0, word="forgotten client ")

    with site.cut_off("web", "silenced"):
        site.forget_the_client()

    site.judge(ids, [], finished)
