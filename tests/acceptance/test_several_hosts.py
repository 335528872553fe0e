"""Redis, the web, watchers and compute workers on hosts of their own, each cut off in turn."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.hosts import COMPUTES, WATCHERS, Site
from tests.acceptance.network import skip_without_network

MOMENT = 1.0
"""Seconds (s) without a network that nobody is given up for."""

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def site(tmp_path: Path, server_available: None) -> Iterator[Site]:
    skip_without_network()
    site = Site(tmp_path)
    yield site
    site.end()


def test_nothing_is_lost_though_every_host_is_cut_off_in_turn(site: Site) -> None:
    """Slower, and in every manner that a network knows: chaos/test_several_hosts."""
    ids, finished = site.begin(runs=4, steps=8, seconds=2.0, word="run")

    for name in ("redis", "web"):
        with site.cut_off(name, "silenced"):
            time.sleep(MOMENT)
    for name in (WATCHERS[0], COMPUTES[0]):
        with site.cut_off(name, "half-open"):
            site.wait_until_missed(name, ids)

    site.judge(ids, [COMPUTES[0]], finished)
    site.wait_until_all_work("later")
