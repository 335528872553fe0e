"""What `doctor` makes of what it found out: each check says whether it holds and what to do. Pure.

The bounds are those that the engine's promises stand on; see the page on reliability.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from inception.runs.records import BeatRecord
from webapp.cli.printing import counted
from webapp.fleet import FRESH_BEAT, Queue

LEAST_REDIS: Final = (6, 2)
MAX_CLOCK_OFFSET: Final = 2_000
"""Milliseconds (ms) between this machine's clock and Redis' beyond which countdowns show it."""
FULL: Final = 0.9
"""Share of `maxmemory` from which Redis is about to refuse writes."""
TRIED_PACKAGES: Final = {
    "celery": ((5, 6, 3), (5, 7)),
    "kombu": ((5, 6, 2), (5, 7)),
    "redis": ((6, 4), (6, 5)),
}
"""From which version on, and below which, it was tried: pyproject.toml has the same."""
DEFAULT_VISIBILITY: Final = 3600
"""Seconds (s): kombu's own, after which an unacknowledged message is delivered once more."""


class Verdict(StrEnum):
    """How a check came out; FAILED makes the exit code 1."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check: what was found, and what to do unless it is well."""

    check: str
    verdict: Verdict
    found: str
    fix: str | None = None


def check_version(server: Mapping[str, object]) -> Finding:
    """Redis 6.2 or newer, or any Valkey."""
    version = str(server.get("redis_version", "0"))
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    name = "Valkey" if "valkey_version" in server else "Redis"
    found = f"{name} {server.get('valkey_version', version)}"
    if numbers >= LEAST_REDIS:
        return _ok("version", found)
    return _failed("version", found, "Install Redis 6.2 or newer, or Valkey.")


def check_packages(installed: Mapping[str, str]) -> Finding:
    """Celery, kombu and redis-py as tried: with others a restart of Redis has ended workers."""
    found = ", ".join(f"{name} {version}" for name, version in installed.items())
    wrong = [name for name, version in installed.items() if not _was_tried(name, version)]
    if not wrong:
        return _ok("packages", found)
    wanted = (f"{name}>={_text(least)},<{_text(below)}" for name, (least, below) in _bounds(wrong))
    fix = f"Install what was tried: pip install {' '.join(repr(each) for each in wanted)}"
    return _failed("packages", found, fix)


def check_role(info: Mapping[str, object]) -> Finding:
    """A primary, and no cluster: one script touches several runs' keys."""
    if info.get("cluster_enabled"):
        return _failed("role", "a node of a cluster", "Use one primary; clusters can't serve.")
    role = str(info.get("role", "unknown"))
    if role == "master":
        return _ok("role", "primary")
    role = "a replica" if role == "slave" else role
    return _failed("role", role, "Let REDIS_URL name the primary; a replica takes no writes.")


def check_persistence(
    info: Mapping[str, object], appendfsync: str | None, save: str | None
) -> Finding:
    """An append-only file, so that a restart loses a second at most.

    `appendfsync` and `save` are settings of the server, None where it doesn't tell.
    """
    if not info.get("aof_enabled"):
        return _warning(
            "persistence",
            f"no append-only file, {'no snapshots either' if save == '' else 'snapshots alone'}",
            "Set appendonly yes: without it a restart of Redis loses what runs did since the last "
            "snapshot.",
        )
    if str(info.get("aof_last_write_status", "ok")) != "ok":
        return _failed("persistence", "the append-only file can't be written", "Free disk space.")
    if appendfsync == "no":
        return _warning("persistence", "appendfsync no", "Set appendfsync everysec (or always).")
    return _ok("persistence", f"append-only file, appendfsync {appendfsync or 'unknown'}")


def check_eviction(memory: Mapping[str, object]) -> Finding:
    """Redis must refuse rather than forget."""
    policy = str(memory.get("maxmemory_policy", "unknown"))
    bound = _number(memory.get("maxmemory"))
    if policy in ("noeviction", "unknown"):
        return _ok("eviction", policy)
    fix = "Set maxmemory-policy noeviction: else Redis forgets runs that go on."
    found = f"{policy}, {f'maxmemory {bound:,} bytes' if bound else 'no maxmemory'}"
    return _failed("eviction", found, fix) if bound else _warning("eviction", found, fix)


def check_memory(memory: Mapping[str, object]) -> Finding:
    """Room left below `maxmemory`."""
    used, bound = _number(memory.get("used_memory")), _number(memory.get("maxmemory"))
    found = f"{used / 2**20:,.0f} MiB used" + (f" of {bound / 2**20:,.0f}" if bound else "")
    if bound and used > FULL * bound:
        fix = "Raise maxmemory, or keep fewer runs (INCEPTION_RETENTION_DAYS, _RUNS)."
        return _warning("memory", found, fix)
    return _ok("memory", found)


def check_visibility(seconds: float) -> Finding:
    """The broker's second delivery comes after a task that runs that long."""
    found = f"unacknowledged messages come again after {seconds:g} s"
    if seconds >= DEFAULT_VISIBILITY:
        return _ok("visibility", found)
    return _warning(
        "visibility",
        found,
        f"Leave broker_transport_options visibility_timeout at {DEFAULT_VISIBILITY} s or more: "
        "each delivery that comes again is refused, at the cost of a slot's time.",
    )


def check_clock(here_ms: int, redis_ms: int) -> Finding:
    """This machine's clock by Redis'."""
    offset = here_ms - redis_ms
    found = f"{abs(offset) / 1000:.2f} s {'ahead of' if offset > 0 else 'behind'} Redis"
    if abs(offset) <= MAX_CLOCK_OFFSET:
        return _ok("clock", found)
    return _warning("clock", found, "Set both clocks by NTP: countdowns are off by as much.")


def check_workers(beats: Iterable[BeatRecord], now_ms: int, kind: str, start: str) -> Finding:
    """At least one process of that kind heard within 15 s; `start` is how to start one."""
    known = [beat for beat in beats if beat.kind == kind]
    alive = [beat for beat in known if now_ms - beat.seen_at <= FRESH_BEAT]
    slots = sum(beat.slots for beat in alive)
    if not alive:
        dead = f", {len(known)} silent for more than {FRESH_BEAT // 1000} s" if known else ""
        return _failed(kind, f"none{dead}", f"Start one: {start}")
    return _ok(kind, f"{len(alive)} alive, {slots:,} slots")


def check_catalogue(parents: int) -> Finding:
    """Parents that can be started."""
    if parents:
        return _ok("catalogue", f"{parents} parents can be started")
    fix = "Start a worker that imports your tasks: INCEPTION_TASKS=package.module,…"
    return _failed("catalogue", "no parent was announced", fix)


def check_queue(queue: Queue) -> Finding:
    """Messages that wait have somebody who takes them."""
    name, waiting, consumers = queue["name"], queue["length"], queue["consumers"]
    if queue["problem"] is not None:
        fix = "See what is wrong there: what waits can't be told until then."
        return _warning(f"queue {name}", queue["problem"], fix)
    found = f"{waiting:,} waiting, {counted(consumers, 'consumer')}"
    if waiting and not consumers:
        fix = f"Start a worker with -Q {name}: nobody takes what waits."
        return _failed(f"queue {name}", found, fix)
    return _ok(f"queue {name}", found)


def _was_tried(name: str, version: str) -> bool:
    least, below = TRIED_PACKAGES[name]
    return least <= _numbers(version) < below


def _bounds(names: Iterable[str]) -> Iterable[tuple[str, tuple[tuple[int, ...], tuple[int, ...]]]]:
    return ((name, TRIED_PACKAGES[name]) for name in names)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _ok(check: str, found: str) -> Finding:
    return Finding(check=check, verdict=Verdict.OK, found=found)


def _warning(check: str, found: str, fix: str) -> Finding:
    return Finding(check=check, verdict=Verdict.WARNING, found=found, fix=fix)


def _failed(check: str, found: str, fix: str) -> Finding:
    return Finding(check=check, verdict=Verdict.FAILED, found=found, fix=fix)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
