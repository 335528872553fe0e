"""What the doctor makes of what it found."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from inception.runs.records import BeatKind, BeatRecord
from tests.documents import CHECKOUT
from webapp.cli import examination
from webapp.cli.examination import Verdict
from webapp.fleet import Queue

NOW = 1_000_000


def beat(kind: BeatKind, seen_at: int = NOW) -> BeatRecord:
    return BeatRecord(
        process=f"host:{kind}:1",
        kind=kind,
        host="host",
        pid=1,
        name=kind,
        slots=2,
        queues=("children",),
        running=(),
        stopping=False,
        counter=1,
        seen_at=seen_at,
    )


@pytest.mark.parametrize(
    ("version", "verdict"),
    [("6.2.0", Verdict.OK), ("7.0.15", Verdict.OK), ("10.1", Verdict.OK), ("6.0", Verdict.FAILED)],
)
def test_redis_older_than_6_2_has_failed(version: str, verdict: Verdict) -> None:
    assert examination.check_version({"redis_version": version}).verdict is verdict


TRIED = {"celery": "5.6.3", "kombu": "5.6.2", "redis": "6.4.0"}


def test_packages_that_were_tried_are_well() -> None:
    assert examination.check_packages(TRIED).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("name", "version"), [("kombu", "5.7.0"), ("celery", "5.5.9"), ("redis", "7.0.1")]
)
def test_others_have_failed_and_those_to_install_are_named(name: str, version: str) -> None:
    found = examination.check_packages({**TRIED, name: version})
    assert found.verdict is Verdict.FAILED
    assert found.fix is not None
    assert f"'{name}>=" in found.fix


def test_those_that_were_tried_are_those_that_are_required() -> None:
    required = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["dependencies"]
    texts = {
        name: f"{name}>={'.'.join(map(str, least))},<{'.'.join(map(str, below))}"
        for name, (least, below) in examination.TRIED_PACKAGES.items()
    }
    assert set(texts.values()) <= set(required)


@pytest.mark.parametrize(
    ("memory", "verdict"),
    [
        ({"maxmemory_policy": "noeviction", "maxmemory": 1}, Verdict.OK),
        ({"maxmemory_policy": "allkeys-lru", "maxmemory": 0}, Verdict.WARNING),
        ({"maxmemory_policy": "allkeys-lru", "maxmemory": 1}, Verdict.FAILED),
        ({"maxmemory_policy": "volatile-ttl", "maxmemory": 1}, Verdict.FAILED),
    ],
)
def test_a_redis_that_forgets_when_full_has_failed(
    memory: dict[str, Any], verdict: Verdict
) -> None:
    assert examination.check_eviction(memory).verdict is verdict


def test_no_append_only_file_is_worth_a_warning() -> None:
    without = examination.check_persistence({"aof_enabled": 0}, None, "3600 1")
    assert (without.verdict, "snapshots alone" in without.found) == (Verdict.WARNING, True)
    assert "no snapshots" in examination.check_persistence({"aof_enabled": 0}, None, "").found
    assert examination.check_persistence({"aof_enabled": 1}, "everysec", "").verdict is Verdict.OK


def test_an_append_only_file_that_cannot_be_written_has_failed() -> None:
    info = {"aof_enabled": 1, "aof_last_write_status": "err"}
    assert examination.check_persistence(info, "everysec", None).verdict is Verdict.FAILED


@pytest.mark.parametrize("info", [{"role": "slave"}, {"role": "master", "cluster_enabled": 1}])
def test_a_replica_and_a_cluster_have_failed(info: dict[str, Any]) -> None:
    assert examination.check_role(info).verdict is Verdict.FAILED


@pytest.mark.parametrize("offset", [-5_000, 5_000])
def test_clocks_apart_are_worth_a_warning(offset: int) -> None:
    assert examination.check_clock(NOW + offset, NOW).verdict is Verdict.WARNING
    assert examination.check_clock(NOW, NOW).verdict is Verdict.OK


def test_a_short_visibility_time_out_is_worth_a_warning() -> None:
    assert examination.check_visibility(60).verdict is Verdict.WARNING
    assert examination.check_visibility(3600).verdict is Verdict.OK


def test_a_silent_worker_is_no_worker() -> None:
    silent = [beat("compute", seen_at=NOW - 16_000), beat("watcher")]
    found = examination.check_workers(silent, NOW, "compute", "celery …")
    assert found.verdict is Verdict.FAILED
    assert found.fix == "Start one: celery …"
    assert examination.check_workers(silent, NOW, "watcher", "celery …").verdict is Verdict.OK


def queue(length: int = 0, problem: str | None = None) -> Queue:
    return {
        "name": "gpu", "length": length, "consumers": 0, "waiting": None, "problem": problem,
    }  # fmt: skip


def test_a_queue_whose_messages_cant_be_told_is_worth_a_warning() -> None:
    found = examination.check_queue(queue(problem="the broker does not answer"))
    assert found.verdict is Verdict.WARNING
    assert found.found == "the broker does not answer"


def test_messages_that_nobody_takes_have_failed() -> None:
    waiting = examination.check_queue(queue(length=3))
    assert waiting.verdict is Verdict.FAILED
    assert waiting.fix is not None
    assert "-Q gpu" in waiting.fix


def test_memory_that_is_nearly_used_up_is_worth_a_warning() -> None:
    assert examination.check_memory({"used_memory": 95, "maxmemory": 100}).verdict is (
        Verdict.WARNING
    )


def test_everything_that_is_not_well_says_what_to_do() -> None:
    findings = [
        examination.check_version({}),
        examination.check_role({}),
        examination.check_persistence({}, None, None),
        examination.check_catalogue(0),
    ]
    assert all(finding.fix for finding in findings)
