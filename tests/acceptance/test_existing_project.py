"""Inception in a project that has an app, settings, tasks and a broker database of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from inception.runs.connection import connect
from inception.runs.model import State
from inception.runs.records import RunFilter
from inception.runs.store import Store
from tests.acceptance.worker_process import ROOT, WorkerProcess
from tests.running import eventually

PROJECT = Path(__file__).with_name("existing_project")
WITHIN = 30


@pytest.fixture
def broker(redis_url: str) -> str:
    return database(redis_url, 3)


@pytest.fixture
def environ(redis_url: str, broker: str) -> Mapping[str, str]:
    """The project's environment: no REDIS_URL, only what is its own; inception is installed."""
    return {
        "SHOP_BROKER": broker,
        "SHOP_RESULTS": database(redis_url, 4),
        "PYTHONPATH": str(ROOT),
        "INCEPTION_HEARTBEAT_TTL": "2",
    }


@pytest.fixture
def workers(environ: Mapping[str, str], tmp_path: Path) -> Iterator[list[WorkerProcess]]:
    """What the project starts: a watcher, and the prefork worker it always had."""
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
    yield started
    for worker in started:
        worker.end()


def test_a_run_is_started_from_the_projects_own_code_and_recorded_beside_its_broker(
    environ: Mapping[str, str], broker: str, workers: list[WorkerProcess]
) -> None:
    said = run(environ, "from shop.flows import restock; print(restock.delay(3).get(timeout=20))")
    assert said == "300"
    store = Store(connect(broker, purpose="test"))
    runs, _next = store.list_runs(RunFilter(names=frozenset({"shop.flows.restock"})), 10)
    assert [(one["state"], one["value"]) for one in runs] == [(State.SUCCESS, 300)]
    nodes = store.snapshot(runs[0]["id"])["nodes"]
    assert {node["name"] for node in nodes} == {"shop.flows.pack", "shop.tasks.weigh"}
    assert all(store.read_claims(runs[0]["id"], [node["path"]]) for node in nodes)
    eventually(lambda: bool(store.read_catalogue()), 5, "the catalogue")


def test_a_run_that_is_sent_by_name_to_the_projects_default_queue_is_recorded_and_ends(
    environ: Mapping[str, str], workers: list[WorkerProcess]
) -> None:
    """Who sends by name knows no queue of it: the message comes to a compute worker."""
    code = "from shop import app; print(app.send_task('shop.flows.restock', {}).get(timeout=20))"
    assert run(environ, code.format("(3,)")) == "300"
    assert run(environ, code.format("kwargs={'items': 3}")) == "300"


def test_the_projects_own_tasks_go_on_as_they_were(
    environ: Mapping[str, str], workers: list[WorkerProcess]
) -> None:
    said = run(environ, "from shop.tasks import greet; print(greet.delay('you').get(timeout=20))")
    assert said == "audited: hello you, inside"


def test_the_projects_settings_stay_save_those_that_must_not(
    environ: Mapping[str, str],
) -> None:
    code = """
from shop import app
from inception.authoring.task import Task
conf = app.conf
print(conf.task_acks_late, conf.timezone, conf.task_default_queue, conf.task_track_started)
print(conf.result_expires >= 7 * 86400, issubclass(app.Task, Task), app.Task.audit is not None)
"""
    assert run(environ, code).split("\n") == [
        "True Europe/Vienna shop False",
        "True True True",
    ]


def run(environ: Mapping[str, str], code: str) -> str:
    """Run code in the project, as its own programs do, and return what it prints."""
    kept = {key: value for key, value in os.environ.items() if key != "REDIS_URL"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT, env={**kept, **environ}, capture_output=True, text=True, timeout=WITHIN,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def database(url: str, number: int) -> str:
    """The address of another database of the same server."""
    return f"{url.rpartition('/')[0]}/{number}" if url.count("/") > 2 else f"{url}/{number}"
