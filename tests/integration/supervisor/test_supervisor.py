"""The supervisor with real workers and a real Redis, over a stand-in for the application."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery

from tests.private_redis import PrivateRedis
from tests.running import NAMES, Application, eventually
from webapp.supervisor.births import birth_of
from webapp.supervisor.redis_server import LOOPBACK, free_port

CHECKOUT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-m", "webapp.supervisor"]
ROOT_OPTION = ["--root", str(Path(__file__).parent / "stand_in")]

Starter = Callable[..., Application]


@pytest.fixture
def start(tmp_path: Path, server_available: None) -> Iterator[Starter]:
    """Start supervisors; each is ended after the test."""
    started: list[Application] = []

    def starter(state: str = "state", **environ: str) -> Application:
        settings = {
            "INCEPTION_PORT": str(free_port()),
            "INCEPTION_CONCURRENCY": "1",
            "PYTHONPATH": str(CHECKOUT),
            **environ,
        }
        application = Application(COMMAND + ROOT_OPTION, CHECKOUT, tmp_path / state, settings)
        started.append(application)
        return application

    yield starter
    for application in started:
        application.end()


def refusal(tmp_path: Path, **environ: str) -> str:
    """Run a supervisor that can't start; return what it says on stderr."""
    done = subprocess.run(
        COMMAND + ROOT_OPTION,
        cwd=CHECKOUT,
        env={**os.environ, "INCEPTION_STATE_DIR": str(tmp_path / "state"), **environ},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode not in (0, None)
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_process_is_back_within_a_second(start: Starter, name: str) -> None:
    application = start()
    application.wait_until_ready()
    old = application.pid(name)
    assert old is not None
    os.kill(old, signal.SIGKILL)
    eventually(lambda: application.replaced(name, old), 1.0, f"a new {name}")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_leaves_no_process_and_no_pid_file(
    start: Starter, signum: signal.Signals
) -> None:
    application = start()
    application.wait_until_ready()
    assert len(application.living()) >= len(NAMES)
    assert application.ask_to_stop(signum) == 0
    assert application.living() == []
    assert not list(application.state_dir.glob("*.pid"))


def test_redis_stops_last(start: Starter) -> None:
    application = start()
    application.wait_until_ready()
    application.ask_to_stop()
    application.end()
    stopped = [line.split()[1] for line in application.said if line.endswith(" stopped")]
    assert stopped[0] == "web"
    assert stopped[-1] == "redis"


def test_a_killed_supervisor_leaves_no_process(start: Starter) -> None:
    application = start()
    application.wait_until_ready()
    application.pids()
    application.process.kill()
    eventually(lambda: application.living() == [], 10.0, "the guard's work")
    eventually(lambda: not list(application.state_dir.glob("*.pid")), 5.0, "no pid files")


def test_a_running_child_does_not_hold_up_the_stop(start: Starter, tmp_path: Path) -> None:
    application = start()
    application.wait_until_ready()
    file = tmp_path / "child.pid"
    url = (application.state_dir / "redis.url").read_text().strip()
    Celery(broker=url).send_task("hold", [str(file)], queue="children")
    eventually(file.exists, 20.0, "the child's start")
    application.ask_to_stop()
    assert birth_of(int(file.read_text())) is None


def test_the_pool_of_a_killed_worker_goes_with_it(start: Starter, tmp_path: Path) -> None:
    application = start()
    application.wait_until_ready()
    file = tmp_path / "child.pid"
    url = (application.state_dir / "redis.url").read_text().strip()
    Celery(broker=url).send_task("hold", [str(file)], queue="children")
    eventually(file.exists, 20.0, "the child's start")
    worker = application.pid("compute")
    assert worker is not None
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: birth_of(int(file.read_text())) is None, 2.0, "the end of the child")


def test_what_redis_holds_is_there_after_a_restart_of_everything(start: Starter) -> None:
    first = start()
    first.wait_until_ready()
    url = (first.state_dir / "redis.url").read_text().strip()
    with redis.Redis.from_url(url) as client:
        client.set("kept", "yes")
    first.ask_to_stop()
    second = start()
    second.wait_until_ready()
    assert (second.state_dir / "redis.url").read_text().strip() == url
    with redis.Redis.from_url(url) as client:
        assert client.get("kept") == b"yes"


def test_the_address_of_redis_is_for_its_owner_alone(start: Starter) -> None:
    application = start()
    application.wait_until_ready()
    file = application.state_dir / "redis.url"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "@" in file.read_text()
    assert not [line for line in application.said if file.read_text().strip() in line]


def test_two_with_folders_and_ports_of_their_own_do_not_meet(start: Starter) -> None:
    one, other = start("one"), start("other")
    addresses = {one.wait_until_ready(), other.wait_until_ready()}
    assert len(addresses) == 2
    one.ask_to_stop()
    assert len(other.living()) >= len(NAMES)


def test_an_existing_redis_is_used_and_left_alone(start: Starter, own_redis: PrivateRedis) -> None:
    application = start(REDIS_URL=own_redis.url)
    application.wait_until_ready()
    assert application.pid("redis") is None
    assert (application.state_dir / "redis.url").read_text().strip() == own_redis.url
    application.ask_to_stop()
    with redis.Redis.from_url(own_redis.url) as client:
        assert client.ping()


def test_a_second_one_in_the_same_folder_names_the_first(start: Starter, tmp_path: Path) -> None:
    first = start()
    first.wait_until_ready()
    said = refusal(tmp_path, INCEPTION_PORT=str(free_port()))
    assert f"pid {first.process.pid}" in said
    assert "INCEPTION_STATE_DIR" in said


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = str(taken.getsockname()[1])
        said = refusal(tmp_path, INCEPTION_PORT=port)
    assert port in said
    assert "INCEPTION_PORT" in said


def test_an_unreachable_redis_is_named_without_its_password(tmp_path: Path) -> None:
    url = f"redis://:secret@127.0.0.1:{free_port()}/0"
    said = refusal(tmp_path, REDIS_URL=url, INCEPTION_PORT=str(free_port()))
    assert "REDIS_URL" in said
    assert "secret" not in said


def test_it_serves_others_only_with_sign_in(tmp_path: Path) -> None:
    assert "INCEPTION_USERS" in refusal(tmp_path, INCEPTION_HOST="0.0.0.0")


def test_a_setting_that_makes_no_sense_is_named(tmp_path: Path) -> None:
    assert "INCEPTION_CONCURRENCY" in refusal(tmp_path, INCEPTION_CONCURRENCY="many")


def test_what_two_killed_supervisors_left_is_ended_by_the_next(start: Starter) -> None:
    first = start()
    first.wait_until_ready()
    left = first.pid("redis")
    assert left is not None
    first.process.send_signal(signal.SIGSTOP)  # or it would start another guard
    for pid in guards(first.state_dir):
        os.kill(pid, signal.SIGKILL)
    first.process.kill()
    first.process.wait(5)
    assert birth_of(left) is not None
    second = start()
    second.wait_until_ready()
    assert birth_of(left) is None


def guards(state_dir: Path) -> list[int]:
    """Return the pids of the guards of that state folder."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    return [
        int(line.split()[0])
        for line in listed.splitlines()
        if "webapp.supervisor.guard" in line and line.endswith(str(state_dir))
    ]
