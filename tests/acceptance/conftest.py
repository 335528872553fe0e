"""The whole application, started once for the tests that don't kill it."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.viewer import Viewer
from tests.running import Application

CHECKOUT = Path(__file__).resolve().parents[2]
SUPERVISOR = (sys.executable, "-m", "webapp.supervisor")
ODD_TASKS = "tests.acceptance.odd_tasks"

StartApplication = Callable[..., "Stack"]


class Stack:
    """A running application and its address."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.url = application.wait_until_ready().rstrip("/")

    @property
    def redis_url(self) -> str:
        """The address of its Redis, password included."""
        return (self.application.state_dir / "redis.url").read_text().strip()


def start_stack(state_dir: Path, **settings: str) -> Stack:
    """Start an application of its own, on a free port."""
    environ = {
        "INCEPTION_PORT": str(free_port()),
        "INCEPTION_CONCURRENCY": "2",
        "INCEPTION_TASKS": ODD_TASKS,
        "PYTHONPATH": str(CHECKOUT),
        "REDIS_URL": "",
        **settings,
    }
    application = Application(SUPERVISOR, CHECKOUT, state_dir, environ)
    try:
        return Stack(application)
    except BaseException:
        application.end()
        raise


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, server_available: None) -> Iterator[Stack]:
    """The application with two compute slots; no test kills a part of it."""
    stack = start_stack(tmp_path_factory.mktemp("stack") / "state")
    yield stack
    stack.application.end()


@pytest.fixture
def own_stack(tmp_path: Path, server_available: None) -> Iterator[StartApplication]:
    """Start an application for one test alone: `own_stack(SETTING="value")`."""
    started: list[Stack] = []

    def start(**settings: str) -> Stack:
        started.append(start_stack(tmp_path / f"state{len(started)}", **settings))
        return started[-1]

    yield start
    for stack in started:
        stack.application.end()


@pytest.fixture
def viewer(stack: Stack) -> Iterator[Viewer]:
    """A websocket client of the shared application."""
    viewer = Viewer(stack.url)
    yield viewer
    viewer.close()
