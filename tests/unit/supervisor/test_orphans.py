from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp.supervisor.births import birth_of
from webapp.supervisor.orphans import ProcessRecord


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own."""
    command = [sys.executable, "-c", "import threading; threading.Event().wait(60)"]
    process = subprocess.Popen(command, start_new_session=True)
    yield process
    process.kill()
    process.wait()


def write(state_dir: Path, record: object) -> ProcessRecord:
    (state_dir / "processes.json").write_text(json.dumps(record))
    return ProcessRecord(state_dir)


def test_an_orphan_is_ended(tmp_path: Path, stranger: subprocess.Popen[bytes]) -> None:
    record = write(tmp_path, {"web": [stranger.pid, birth_of(stranger.pid)]})
    (tmp_path / "web.pid").write_text(f"{stranger.pid}\n")
    assert [orphan.name for orphan in record.end_orphans()] == ["web"]
    assert stranger.wait(5) < 0
    assert not (tmp_path / "web.pid").exists()


def test_a_pid_that_belongs_to_another_by_now_is_left_alone(
    tmp_path: Path, stranger: subprocess.Popen[bytes]
) -> None:
    record = write(tmp_path, {"redis": [stranger.pid, "born earlier"]})
    (tmp_path / "redis.pid").write_text(f"{stranger.pid}\n")
    assert record.end_orphans() == []
    assert stranger.poll() is None
    assert not (tmp_path / "redis.pid").exists()


@pytest.mark.parametrize("damaged", [[], 7, {"web": 3}, {"web": ["x", "y"]}])
def test_a_damaged_record_ends_nobody(tmp_path: Path, damaged: object) -> None:
    assert write(tmp_path, damaged).end_orphans() == []


def test_no_record_means_no_orphans(tmp_path: Path) -> None:
    assert ProcessRecord(tmp_path).end_orphans() == []
