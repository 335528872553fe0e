"""What a page costs to open, and that it asks for nothing again by itself."""

from __future__ import annotations

import zlib
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard
from tests.browser.scripts import wait_for_scripts

MOST_BYTES = 150_000
"""Over the wire, for a browser that was never here; headers count, and so does what the socket
brings until the page is drawn."""
DEFLATE = "permessage-deflate"
TIMERS_RUN = 40_000
"""Milliseconds (ms) of the page's clock; after 45 s without a ping the socket is opened anew."""
SETTLES = 3_000
PONG = "3"


def _count_bytes(page: Page) -> list[int]:
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    sizes: list[int] = []

    def add(loaded: dict[str, Any]) -> None:
        sizes.append(int(loaded["encodedDataLength"]))

    network.on("Network.loadingFinished", add)
    _count_frames(network, sizes)
    return sizes


def _count_frames(network: CDPSession, sizes: list[int]) -> None:
    """Frames are told unpacked: they are packed again as server and browser agreed to."""
    packers: dict[str, Any] = {}

    def open_socket(opened: dict[str, Any]) -> None:
        agreed = opened["response"]["headers"].get("Sec-WebSocket-Extensions", "")
        if DEFLATE in agreed:
            packers[opened["requestId"]] = zlib.compressobj(wbits=-15)

    def add(frame: dict[str, Any]) -> None:
        payload = frame["response"]["payloadData"].encode()
        if packer := packers.get(frame["requestId"]):
            payload = packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH)
        sizes.append(len(payload))

    network.on("Network.webSocketHandshakeResponseReceived", open_socket)
    network.on("Network.webSocketFrameReceived", add)


@pytest.mark.parametrize(
    ("path", "drawn"),
    [
        ("/", ".run-row[data-run-id]"),
        ("RUN", ".tree-row[data-path]"),
        ("/start", ".start-form"),
        ("/workers", ".worker"),
    ],
)
def test_a_page_is_light_to_open_for_the_first_time(
    stack: Dashboard, viewer: Viewer, path: str, drawn: str
) -> None:
    run_id = stack.start("nesting.nest", depth=2, width=4, delay=0, steps=1)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    page = viewer.open("about:blank")
    sizes = _count_bytes(page)
    page.goto(f"/runs/{run_id}" if path == "RUN" else path)
    expect(page.locator(drawn).first).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    assert 20_000 < sum(sizes) < MOST_BYTES


def test_scripts_are_asked_for_once_and_kept(stack: Dashboard, viewer: Viewer) -> None:
    stack.start("chatty.do_nothing")
    page = viewer.open("/")
    expect(page.locator(".run-row[data-run-id]").first).to_be_visible()
    wait_for_scripts(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/")
    expect(page.locator(".run-row[data-run-id]").first).to_be_visible()
    wait_for_scripts(page)
    from_server = page.evaluate(
        """() => performance.getEntriesByType("resource")
            .filter((one) => one.name.includes("/static/js/") && one.transferSize > 0)
            .map((one) => one.name)"""
    )
    assert any("/static/js/" in url for url in asked)
    assert from_server == []


@pytest.mark.parametrize("path", ["/", "/start", "/workers", "ENDED", "MOVING"])
def test_nothing_is_asked_again_on_a_timer(stack: Dashboard, viewer: Viewer, path: str) -> None:
    run_id = stack.start("chatty.count_down", steps=600 if path == "MOVING" else 1, pause=0.05)
    if path != "MOVING":
        assert stack.wait_for_end(run_id) == "SUCCESS"
    page = viewer.open("about:blank")
    page.clock.install()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.on("websocket", lambda ws: ws.on("framesent", lambda frame: sent.append(str(frame))))
    page.goto(path if path.startswith("/") else f"/runs/{run_id}")
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    if path == "MOVING":
        expect(page.locator('[data-path="0"]')).to_have_attribute("data-state", "PROGRESS")
    page.clock.run_for(SETTLES)  # what the run's end calls for is asked for once, a moment later
    page.wait_for_load_state("networkidle")
    sent.clear()
    page.clock.run_for(TIMERS_RUN)
    assert [each for each in sent if each != PONG] == []
    if path == "MOVING":
        assert stack.run(run_id)["finalized_at"] is None
        stack.revoke(run_id)
