"""The documented clients, run as a user runs them: each watches, starts and revokes."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import requests

from tests.acceptance.conftest import Stack, StartApplication

CHECKOUT = Path(__file__).resolve().parents[2]
PROGRAMS = {
    "python": [sys.executable, "docs/clients/watch.py"],
    "javascript": [sys.executable, "-m", "tools.node", "docs/clients/watch.mjs"],
}
COUNTING = "tasks.examples.counting.count_twice"
WITHIN = 30.0

pytestmark = pytest.mark.timeout(120)


class Client:
    """A running client program: its lines as they come, and its exit code."""

    def __init__(self, program: Sequence[str], url: str) -> None:
        self.lines: list[str] = []
        self._unread: queue.Queue[str | None] = queue.Queue()
        self._process = subprocess.Popen(
            program,
            cwd=CHECKOUT,
            env={
                **os.environ,
                "INCEPTION_URL": url,
                "PYTHONPATH": str(CHECKOUT / "clients/python"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the match in the first line not yet looked at that holds the pattern."""
        deadline = time.monotonic() + WITHIN
        while True:
            try:
                line = self._unread.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                said = "\n".join(self.lines)
                raise AssertionError(f"no line with {pattern!r} in {WITHIN:g} s:\n{said}")
            if found := re.search(pattern, line):
                return found

    def exit_code(self) -> int:
        """Wait for the program's end."""
        code = self._process.wait(WITHIN)
        self._reader.join(WITHIN)
        return code

    def end(self) -> None:
        """End it if it still runs, with what it started."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(WITHIN)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip())
            self._unread.put(line.rstrip())
        self._unread.put(None)


StartClient = Callable[..., Client]


@pytest.fixture
def client() -> Iterator[StartClient]:
    """Start a client: `client("python", url, "watch", run_id)`."""
    started: list[Client] = []

    def start(language: str, url: str, *words: str) -> Client:
        started.append(Client([*PROGRAMS[language], *words], url))
        return started[-1]

    yield start
    for one in started:
        one.end()


def start_run(url: str, **kwargs: object) -> str:
    answer = requests.post(
        f"{url}/api/v1/runs", json={"name": COUNTING, "kwargs": kwargs}, timeout=10
    )
    assert answer.status_code == 201, answer.text
    run_id: str = answer.json()["id"]
    return run_id


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_client_starts_a_run_and_sees_it_to_its_end(
    language: str, stack: Stack, client: StartClient
) -> None:
    program = client(language, stack.url, "start", COUNTING, '{"limit": 3, "delay": 0.2}')

    assert program.exit_code() == 0, program.lines
    assert program.lines[0].startswith(f"{stack.url}/runs/")
    assert any(re.match(r"0 +PROGRESS +33.33 %  Counting", line) for line in program.lines)
    assert any(re.match(r"1 +SUCCESS +100.00 %", line) for line in program.lines)
    assert re.match(r"run +SUCCESS +100.00 %", program.lines[-1])


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_client_watches_and_another_revokes(
    language: str, stack: Stack, client: StartClient
) -> None:
    run_id = start_run(stack.url, limit=600, delay=0.1)
    watching = client(language, stack.url, "watch", run_id)
    watching.wait_for(r"^0 +PROGRESS")

    revoking = client(language, stack.url, "revoke", run_id, "seen enough")

    assert revoking.exit_code() == watching.exit_code() == 1
    watching.wait_for(r"^run +REVOK(ING|ED)")  # what took no longer than one batch shows its end
    assert re.match(r"run +REVOKED", watching.lines[-1])
    assert re.match(r"run +REVOKED", revoking.lines[-1])


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_client_is_told_what_the_server_refuses(
    language: str, stack: Stack, client: StartClient
) -> None:
    unknown = client(language, stack.url, "watch", "no-such-run")
    misfit = client(language, stack.url, "start", COUNTING, '{"limit": "three"}')

    assert unknown.exit_code() == misfit.exit_code() == 2
    assert unknown.lines[-1].startswith("run_not_found: ")
    assert misfit.lines[-1].startswith("invalid_arguments: ")


def test_the_example_of_the_javascript_page_runs(stack: Stack, tmp_path: Path) -> None:
    page = (CHECKOUT / "docs/clients/javascript.md").read_text()
    (block,) = re.findall(r"^```js\n(.*?)^```$", page, re.M | re.S)
    program = tmp_path / "page.mjs"
    at_home = block.replace("./static", f"{CHECKOUT}/static")
    program.write_text(at_home.replace("http://127.0.0.1:8000", stack.url))
    done = subprocess.run(
        [sys.executable, "-m", "tools.node", str(program)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "run SUCCESS 100 Counting" in done.stdout
    assert "FAILURE Error in tasks.examples.failing" in done.stdout


def test_clients_go_on_where_they_were_when_the_web_is_killed(
    own_stack: StartApplication, client: StartClient
) -> None:
    stack = own_stack()
    run_id = start_run(stack.url, limit=40, delay=0.1)
    clients = [client(language, stack.url, "watch", run_id) for language in PROGRAMS]
    for one in clients:
        one.wait_for(r"^[01] +PROGRESS")
    web = stack.application.pid("web")
    assert web is not None

    os.kill(web, signal.SIGKILL)

    for one in clients:
        one.wait_for(r"^1 +SUCCESS")
        assert one.exit_code() == 0, one.lines
