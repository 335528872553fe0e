"""The running application, as a browser test sees it: its address, REST, and its processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import pytest
import requests

from tests.running import Application, eventually

ENDED = ("SUCCESS", "FAILURE", "REVOKED")
GOING_ON = ("PENDING", "STARTED", "PROGRESS", "RETRY", "REVOKING")


class Dashboard:
    """`url` without a slash at its end; `application` is None if others started it."""

    def __init__(self, url: str, application: Application | None) -> None:
        self.url = url
        self.application = application

    def start(
        self, name: str, label: str | None = None, tags: Sequence[str] = (), **kwargs: object
    ) -> str:
        """Start an example (`counting.count_twice`) or one of `chatty`; return the run's id."""
        where = "tests.browser." if name.startswith("chatty.") else "tasks.examples."
        order = {"name": where + name, "kwargs": kwargs, "label": label, "tags": list(tags)}
        answer = self._call("POST", "/runs", order)
        return str(answer["id"])

    def run(self, run_id: str) -> Mapping[str, Any]:
        """Return the run's record."""
        record: Mapping[str, Any] = self._call("GET", f"/runs/{run_id}")["run"]
        return record

    def node(self, run_id: str, path: str) -> Mapping[str, Any]:
        """Return a task's whole record."""
        record: Mapping[str, Any] = self._call("GET", f"/runs/{run_id}/nodes/{path}")
        return record

    def wait_for_end(self, run_id: str, within: float = 30.0) -> str:
        """Return the state the run ended with."""
        eventually(lambda: self.run(run_id)["state"] in ENDED, within, f"{run_id} ends")
        return str(self.run(run_id)["state"])

    def revoke(self, run_id: str) -> None:
        """Ask the run to stop."""
        self._call("POST", f"/runs/{run_id}/revoke", {})

    def delete(self, run_id: str) -> None:
        """Remove an ended run."""
        requests.delete(f"{self.url}/api/v1/runs/{run_id}", timeout=10).raise_for_status()

    def clear(self) -> None:
        """Stop and remove all runs."""
        everything: dict[str, Any] = {"filter": {}}
        self._call("POST", "/bulk", {"action": "revoke", **everything})
        eventually(lambda: not self._listed("?state=" + "&state=".join(GOING_ON)), 60, "all end")
        self._call("POST", "/bulk", {"action": "delete", **everything})
        eventually(lambda: not self._listed(""), 30, "all runs are deleted")

    def _listed(self, query: str) -> list[object]:
        found: list[object] = self._call("GET", f"/runs{query}")["runs"]
        return found

    def exists(self, run_id: str) -> bool:
        """True while there is such a run."""
        return requests.get(f"{self.url}/api/v1/runs/{run_id}", timeout=10).ok

    def without_web(self) -> AbstractContextManager[None]:
        """SIGKILL the web process, and let nobody start another on its port until this is over."""
        return self._without("web")

    def kill_compute(self) -> None:
        """SIGKILL the compute worker's main process; another one is started in its place."""
        os.kill(self._pid("compute"), signal.SIGKILL)

    def kill_redis(self) -> None:
        """SIGKILL Redis; it is started again with what it had written."""
        os.kill(self._pid("redis"), signal.SIGKILL)

    def without_redis(self) -> AbstractContextManager[None]:
        """SIGKILL Redis, and let nobody start it again until this is over."""
        return self._without("redis")

    @contextmanager
    def _without(self, name: str) -> Iterator[None]:
        supervisor = self._supervisor()
        os.kill(supervisor, signal.SIGSTOP)
        try:
            os.kill(self._pid(name), signal.SIGKILL)
            yield
        finally:
            os.kill(supervisor, signal.SIGCONT)
            # Else the next test, or this one's next try, would find nobody there.
            eventually(self._answers, 30, f"{name} is started again")

    def _answers(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/readyz", timeout=10).ok
        return False

    def _supervisor(self) -> int:
        if self.application is None:
            pytest.skip("the application was started by others: its processes are not ours to stop")
        return self.application.process.pid

    def _pid(self, name: str) -> int:
        if self.application is None:
            pytest.skip("the application was started by others: its processes are not ours to kill")
        pid = self.application.pid(name)
        assert pid is not None
        return pid

    def _call(self, method: str, path: str, body: object = None) -> Any:
        answer = requests.request(method, f"{self.url}/api/v1{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()
