"""Which states a page showed one after another, however short each of them was."""

from __future__ import annotations

from playwright.sync_api import Page

RECORD = """() => {
    const seen = window.statesSeen = [];
    const note = () => {
        const state = document.querySelector(".run-head [data-state]")?.dataset.state;
        if (state && state !== seen.at(-1)) seen.push(state);
    };
    const everything = {subtree: true, childList: true, attributes: true};
    new MutationObserver(note).observe(document.body, everything);
    note();
}"""


def record_states(page: Page) -> None:
    """Begin to note the run's states as the page shows them."""
    page.evaluate(RECORD)


def states_seen(page: Page) -> list[str]:
    """Return the states noted so far, in order."""
    seen: list[str] = page.evaluate("() => window.statesSeen")
    return seen
