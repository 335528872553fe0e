"""`make run`, as a user types it: the whole application, from one command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import NAMES, Application, eventually
from webapp.supervisor.redis_server import free_port

CHECKOUT = Path(__file__).resolve().parents[2]
COMMAND = ["make", "--no-print-directory", "run", f"VENV={sys.prefix}", f"PYTHON={sys.executable}"]
START_BOUND = 5.0
"""Seconds (s) that a start may take once everything is set up, on a machine with time for it."""
START_IMPORTS = 3.0
"""Where the machine is busy with more than this, a start may take as many times one import."""

Starter = Callable[..., Application]

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def start(tmp_path: Path, server_available: None) -> Iterator[Starter]:
    """Type `make run`; whatever is left of it is ended after the test."""
    started: list[Application] = []

    def starter(state: str = "state", **environ: str) -> Application:
        settings = {
            "REDIS_URL": "",
            "INCEPTION_PORT": str(free_port()),
            "INCEPTION_CONCURRENCY": "2",
            **environ,
        }
        application = Application(COMMAND, CHECKOUT, tmp_path / state, settings)
        started.append(application)
        return application

    yield starter
    for application in started:
        application.end()


def get(url: str) -> Any:
    """Return the JSON that is served there."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def answers_ready(url: str) -> bool:
    """Say whether the application is ready now."""
    try:
        with urllib.request.urlopen(f"{url}readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_the_address_is_printed_when_every_parent_can_be_started(start: Starter) -> None:
    url = start().wait_until_ready()
    ready = get(f"{url}readyz")
    assert ready["redis"]
    assert ready["watchers"] >= 1
    assert ready["compute"] >= 1
    names = {parent["name"] for parent in get(f"{url}api/v1/parents")["parents"]}
    assert "tasks.examples.counting.count_twice" in names


def seconds_to_import() -> float:
    """Seconds (s) that one process takes now to import what each of a start's processes does."""
    begun = time.monotonic()
    modules = "import celery.bin.celery, flask_socketio, webapp.app"
    subprocess.run([sys.executable, "-c", modules], cwd=CHECKOUT, check=True)
    return time.monotonic() - begun


def test_the_second_start_takes_less_than_five_seconds(start: Starter) -> None:
    first = start()
    first.wait_until_ready()
    first.ask_to_stop()
    before = seconds_to_import()
    begun = time.monotonic()
    start().wait_until_ready()
    taken = time.monotonic() - begun
    assert taken < max(START_BOUND, START_IMPORTS * max(before, seconds_to_import()))


def test_every_killed_process_is_back_and_the_whole_is_ready_again(start: Starter) -> None:
    application = start()
    url = application.wait_until_ready()
    for name in NAMES:
        old = application.pid(name)
        assert old is not None
        os.kill(old, signal.SIGKILL)
        eventually(lambda: application.replaced(name, old), 1.0, f"a new {name}")  # noqa: B023
    eventually(lambda: answers_ready(url), 30.0, "readiness")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_make_alone_stops_everything(start: Starter, signum: signal.Signals) -> None:
    if signum is signal.SIGINT and sys.platform != "linux":
        pytest.skip("elsewhere nobody can see that make alone was interrupted")
    application = start()
    application.wait_until_ready()
    assert len(application.living()) >= len(NAMES)
    application.ask_to_stop(signum)
    eventually(lambda: application.living() == [], 10.0, "the end of all processes")
    assert not list(application.state_dir.glob("*.pid"))


def test_ctrl_c_stops_everything(start: Starter) -> None:
    application = start()
    application.wait_until_ready()
    application.living()
    os.killpg(application.process.pid, signal.SIGINT)  # what a terminal does
    application.process.wait(30)
    assert application.living() == []


def test_a_killed_make_takes_everything_with_it(start: Starter) -> None:
    application = start()
    application.wait_until_ready()
    application.living()
    application.process.kill()
    eventually(lambda: application.living() == [], 20.0, "the end of all processes")


def test_a_users_own_parents_are_found_on_pythonpath(start: Starter, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from inception import parent\n\n\n@parent\ndef nothing() -> None:\n    '''Do nothing.'''\n"
    )
    url = start(PYTHONPATH=str(tmp_path), INCEPTION_TASKS="mine").wait_until_ready()
    names = {parent["name"] for parent in get(f"{url}api/v1/parents")["parents"]}
    assert "mine.nothing" in names


def test_two_of_one_checkout_run_side_by_side(start: Starter) -> None:
    one, other = start("one"), start("other")
    assert one.wait_until_ready() != other.wait_until_ready()
    one.ask_to_stop()
    assert len(other.living()) >= len(NAMES)
