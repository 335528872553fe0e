"""Which watchers a process that starts may call dead at once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from typing import Final

import pytest

from inception.runs.records import BeatRecord
from inception.watching.predecessors import pid_space, predecessors

OWN: Final = "h:watcher:2"


@pytest.fixture(scope="module")
def gone() -> int:
    """The pid of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def beat(pid: int) -> BeatRecord:
    return BeatRecord(
        process="h:watcher:1", kind="watcher", host=socket.gethostname(), pid=pid, name="watcher",
        slots=1, queues=("parents",), running=(), stopping=False, counter=1, seen_at=0,
        space=pid_space(),
    )  # fmt: skip


def found(beat: BeatRecord) -> set[str]:
    return predecessors({beat.process: beat}, OWN)


def test_a_watcher_of_this_host_whose_process_is_gone_is_dead(gone: int) -> None:
    assert found(beat(gone)) == {"h:watcher:1"}


def test_a_watcher_that_had_this_process_pid_is_dead() -> None:
    assert found(beat(os.getpid())) == {"h:watcher:1"}
    assert predecessors({OWN: replace(beat(os.getpid()), process=OWN)}, OWN) == set()


def test_a_watcher_that_runs_is_not_dead() -> None:
    assert found(beat(os.getppid())) == set()


def test_pids_of_another_host_or_another_container_say_nothing(gone: int) -> None:
    assert found(replace(beat(gone), host="elsewhere")) == set()
    assert found(replace(beat(gone), space="another boot pid:[1]")) == set()
    assert found(replace(beat(gone), space="")) == set()


def test_a_compute_worker_is_given_its_time(gone: int) -> None:
    assert found(replace(beat(gone), kind="compute")) == set()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has spaces of pids")
def test_the_space_of_pids_is_one_of_this_boot() -> None:
    boot, _, space = pid_space().partition(" ")

    assert len(boot) == 36
    assert space.startswith("pid:[")
