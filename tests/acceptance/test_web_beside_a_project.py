"""The web alone, beside a project that has workers of its own: nothing else is started."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import SUPERVISOR, free_port
from tests.acceptance.viewer import Viewer
from tests.acceptance.worker_process import WorkerProcess
from tests.documents import CHECKOUT
from tests.running import NAMES, Application

PROJECT = Path(__file__).with_name("existing_project")

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def workers(redis_url: str, tmp_path: Path) -> Iterator[None]:
    """The project's own, which consume its queues and know its tasks."""
    environ = {"SHOP_BROKER": redis_url, "SHOP_RESULTS": redis_url, "PYTHONPATH": str(CHECKOUT)}
    options = [
        ("-Q", "parents", "-P", "eventlet", "-c", "5", "-n", "watcher@%h"),
        ("-Q", "shop,children", "-P", "prefork", "-c", "1", "-n", "compute@%h"),
    ]
    started = [
        WorkerProcess(
            None, tmp_path / f"{number}.log", *words, app="shop", directory=PROJECT, environ=environ
        )
        for number, words in enumerate(options)
    ]
    for worker in started:
        worker.wait_until_ready()
    yield
    for worker in started:
        worker.end()


@pytest.fixture
def web(redis_url: str, tmp_path: Path) -> Iterator[Application]:
    """What the page about existing projects says to start."""
    environ = {
        "REDIS_URL": redis_url,
        "INCEPTION_PROCESSES": "web",
        "INCEPTION_PORT": str(free_port()),
    }
    application = Application(SUPERVISOR, CHECKOUT, tmp_path / "state", environ)
    yield application
    application.end()


def test_the_web_alone_shows_and_starts_the_projects_parents(
    workers: None, web: Application
) -> None:
    url = web.wait_until_ready().rstrip("/")
    assert [name for name in NAMES if web.pid(name)] == ["web"]

    viewer = Viewer(url)
    run_id = viewer.start("shop.flows.restock", items=2)
    assert viewer.wait_for_end(run_id).run["state"] == "SUCCESS"
    viewer.close()


def test_a_part_of_the_application_needs_a_redis_that_the_others_know(tmp_path: Path) -> None:
    environ = {"REDIS_URL": "", "INCEPTION_PROCESSES": "web"}
    application = Application(SUPERVISOR, CHECKOUT, tmp_path / "state", environ)
    assert application.process.wait(20) == 1
    application.end()
    assert "INCEPTION_PROCESSES is web" in application.said[0]
    assert "REDIS_URL" in application.said[0]
