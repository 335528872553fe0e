"""The workers' page: who is alive, what each is at, why something waits, and a death seen live."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard

SEEN_DEAD = 25_000
"""Milliseconds (ms): the time-to-live of 15 s, a tick, and what a loaded machine adds."""


def _group(page: Page, title: str) -> Locator:
    return page.locator(".worker-group").filter(has=page.get_by_role("heading", name=title))


def test_workers_say_what_they_are_at(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("chatty.keep_tidy")
    page = viewer.open("/workers")
    worker = _group(page, "Compute").get_by_role("listitem").first
    expect(worker).to_contain_text("Alive")
    expect(worker).to_contain_text("takes from children")
    task = worker.get_by_role("link", name=f"{run_id[:8]}:0")
    expect(task).to_have_attribute("href", f"/runs/{run_id}?node=0")
    expect(task).to_contain_text("tidy")
    expect(page.locator(".fleet-summary")).to_have_text(re.compile("^1 watcher, [1-4] of 4 "))
    stack.revoke(run_id)
    expect(task).to_have_count(0)


def test_why_tasks_wait_is_said_beside_their_queue(stack: Dashboard, viewer: Viewer) -> None:
    ids = [stack.start("chatty.keep_tidy") for _ in range(6)]
    page = viewer.open("/workers")
    row = page.get_by_role("row").filter(has=page.get_by_role("cell", name="children"))
    expect(row).to_contain_text("all 4 slots are busy")
    for run_id in ids:
        stack.revoke(run_id)
    expect(row).not_to_contain_text("busy", timeout=20_000)


def test_a_queue_that_nobody_consumes_is_there_while_something_waits_in_it(
    stack: Dashboard, viewer: Viewer
) -> None:
    page = viewer.open("/workers")
    row = page.get_by_role("row").filter(has=page.get_by_role("cell", name="gpu", exact=True))
    expect(row).to_have_count(0)
    run_id = stack.start("chatty.go_unheard")
    expect(row).to_contain_text("no worker consumes queue gpu: start one with -Q gpu")
    stack.revoke(run_id)


def test_a_killed_worker_is_seen_gone_without_a_reload(stack: Dashboard, viewer: Viewer) -> None:
    page = viewer.open("/workers")
    compute = _group(page, "Compute").get_by_role("listitem")
    expect(compute).to_have_count(1)
    name = compute.get_attribute("data-worker")
    stack.kill_compute()
    gone = _group(page, "Gone").locator(f'[data-worker="{name}"]')
    expect(gone).to_be_visible(timeout=SEEN_DEAD)
    expect(gone).to_contain_text(re.compile(r"Dead, silent .*last heard\s+\d\d:\d\d:\d\d", re.S))
    expect(compute).to_have_count(1, timeout=SEEN_DEAD)
    expect(compute).not_to_have_attribute("data-worker", name or "")
    expect(compute).to_contain_text("Alive")
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1
