"""The runs that the pictures show."""

from __future__ import annotations

from typing import Any

import requests

from tests.browser.dashboard import Dashboard
from tests.running import eventually

PICTURED = "tests.browser.pictured."
LONG_NAME = "a_parent_with_quite_a_long_name_as_people_write_them_in_earnest"
LONG_LABEL = (
    "Every picture of the year 2026, made smaller for the gallery of the whole archive " * 2
)


class Made:
    """The runs that the pictures show, found by their labels or made now."""

    def __init__(self, stack: Dashboard) -> None:
        self.stack = stack

    def run(self, name: str, label: str, ends: bool = False, **kwargs: object) -> str:
        """Return the id of the run with that label; `ends` waits for it."""
        where = name if "." in name else PICTURED + name
        found = self.get(f"/runs?label={label}&name={where}")["runs"]
        order = {"name": where, "kwargs": kwargs, "label": label, "tags": ["nightly", "eu-west-1"]}
        run_id = str(found[0]["id"]) if found else str(self.post("/runs", order)["id"])
        if ends:
            self.stack.wait_for_end(run_id, 120)
        return run_id

    def state(self, run_id: str, path: str, *states: str) -> None:
        """Wait until the task is in one of the states."""
        eventually(
            lambda: self.get(f"/runs/{run_id}/nodes/{path}")["state"] in states,
            60,
            f"{run_id} {path} is {states}",
        )

    def get(self, path: str) -> Any:
        """Ask by REST; a task that is not there yet has no state."""
        answer = requests.get(f"{self.stack.url}/api/v1{path}", timeout=10)
        return answer.json() if answer.ok else {"state": None}

    def post(self, path: str, body: object) -> Any:
        """Send by REST."""
        return requests.post(f"{self.stack.url}/api/v1{path}", json=body, timeout=10).json()

    def seed(self) -> dict[str, str]:
        """Bring about all runs; returns their ids by what they show."""
        for number in range(60):
            self.run("nightly", f"nightly build {number}", count=number % 9, ends=True)
        ids = {
            "succeeded": self.run("thumbnails", "Thumbnails of the gallery", ends=True, seconds=1),
            "failed": self.run("tasks.examples.failing.fail_at", "Import of November", ends=True),
            "failed-at-length": self.run("fails_at_length", "Check of the archive", ends=True),
            "talkative": self.run("talkative", "Shards", ends=True),
            "nested": self.run(
                "tasks.examples.nesting.nest", "Nested", ends=True, depth=3, width=3, steps=2
            ),
            "wide": self.run("wide", "Many at once", ends=True),
            "large": self.run("wide", "Very many at once", ends=True, count=2_400),
            "large-failed": self.run("wide_and_one_fails", "One of very many", ends=True),
            "deep": self.run("deep", "Deep down"),
            "long": self.run(LONG_NAME, ""),
            "long-label": self.run("thumbnails", LONG_LABEL, ends=True),
            "every-state": self.run("every_state", "Every state at once"),
            "revoked": self.run(
                "tasks.examples.counting.count_twice", "Revoked by hand", limit=1000, delay=1
            ),
            "running": self.run(
                "tasks.examples.counting.count_twice", "Counting", limit=100_000, delay=1
            ),
        }
        self.state(ids["every-state"], "6", "PROGRESS", "REVOKED")
        self.post(f"/runs/{ids['every-state']}/revoke", {"path": "6"})
        self.state(ids["revoked"], "0", "PROGRESS", "REVOKED")
        self.post(f"/runs/{ids['revoked']}/revoke", {"reason": "started with the wrong limit"})
        self.state(ids["every-state"], "6", "REVOKED")
        return ids

    def stubborn(self) -> str:
        """Start a run that is about to be revoked, again for each look."""
        order = {"name": PICTURED + "stubborn", "label": "Stubborn"}
        run_id = str(self.post("/runs", order)["id"])
        self.state(run_id, "0", "PROGRESS")
        self.state(run_id, "1", "PROGRESS")
        return run_id
