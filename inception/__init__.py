"""Inception: tasks inside tasks, live, on stock Celery and Redis.

A *parent* is a plain function that starts *children* (Celery tasks), watches them and decides
what comes next. Whoever looks at its run sees each child move, the moment it moves. A parent
outlives the process it runs in: another takes it over where its record ends.

    from inception import child, parent, track, watch

    @child
    def count(limit: int) -> int:
        for _ in track(range(limit), message="Counting"):
            ...
        return limit

    @parent(steps=["Count", "Count on"])
    def count_twice(limit: int = 10) -> int:
        first = watch(count.s(limit))
        return watch(count.s(first.value)).value

Overview
--------
`runs` is the record that all sides stand on: every change of a run is numbered, stored and
published in one Lua step, so whoever listens can tell that it missed something.
`authoring` is what an author of tasks touches, and test mode: calling a task runs it.
`watching` runs parents, in watcher processes: as greenlets outside of Celery's pool, so that no
waiting parent ever holds a slot, and nesting to any depth works with one compute slot.
`compute` is the children's side, in prefork workers: it claims an attempt, runs the body,
records its end, and stops it when told to.
`installing` puts all of it into a Celery app.

A child's word goes: child → its Celery result channel → the watcher's one subscription → one Lua
step (number, store, publish) → the web's relay → the browser. Nothing on the way asks for status.

States of a node
----------------
                    claimed              a word             returned
        PENDING ──────────▶ STARTED ──────────▶ PROGRESS ──────────▶ SUCCESS
           │                   │                   │
           │                   ├───────────────────┼── raised, timed out ▶ FAILURE
           │                   │                   │
           │                   ├── another attempt ┤   its worker died,
           │                   ▼     follows       │   must not run twice ▶ LOST
           │    claimed      RETRY                 │
           │  STARTED ◀────────┤                   │
           ▼                   ▼                   ▼
        REVOKING ◀──── somebody asked to stop ─────┘
           └─────────────── nothing under it runs any more ──────────────▶ REVOKED

The words are Celery's own but for REVOKING and LOST. A final state is left only by a retry of
the run. Who moves a node on is said at each member of `inception.runs.model.State`.

Failures
--------
What is trusted: the record in Redis, and within it the end in a child's *claim*. Messages, pub/sub
and Celery's results are hints that may be lost, doubled or late.

- *A watcher dies.* Its beat stands still for a time-to-live; the others take its runs over. The
  parent's function runs again from the top over its journal: finished children return their
  recorded outcome, running ones are joined, the rest start. A verb returns only what is recorded.
- *A watcher is frozen and wakes.* Its token is no longer the run's: every write answers "stale",
  and it drops the run without touching anything.
- *A compute worker dies.* Its children are lost; each is started again as a new attempt, or
  fails as LOST if it says `rerun_if_lost=False`. First end wins, per attempt.
- *Redis restarts.* The numbering gets a new *epoch*, so that a client never mistakes new numbers
  for old ones; writers wait, and what a child said meanwhile is read once.
- *Somebody revokes.* The intent is stored first and signalled second. No start, retry or loss
  passes an intent on its path or above. Parents are woken with RunRevoked.
- *A parent changed between two lives.* Its next step differs from the journal: ParentChanged.

A finished child is not started again; a running one not twice, unless its worker was silent for
a time-to-live. A child's side effects are at-least-once: make them idempotent by a key that stays
over attempts, such as a value of `side_effect` that the parent passes on (the task id is that of
one attempt).

The public names are imported when first used, so that a process that only reads runs never
loads Celery through this package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from inception.authoring.decorators import child, parent
    from inception.authoring.errors import ParentChanged, RunRevoked
    from inception.authoring.outcome import ChildFailed, Outcome
    from inception.authoring.reporting import report, track
    from inception.authoring.verbs import now, random, side_effect, sleep, watch, watch_all
    from inception.installing import install

__all__ = [
    "ChildFailed",
    "Outcome",
    "ParentChanged",
    "RunRevoked",
    "child",
    "install",
    "now",
    "parent",
    "random",
    "report",
    "side_effect",
    "sleep",
    "track",
    "watch",
    "watch_all",
]

_HOMES: Final = {
    "ChildFailed": "inception.authoring.outcome",
    "Outcome": "inception.authoring.outcome",
    "ParentChanged": "inception.authoring.errors",
    "RunRevoked": "inception.authoring.errors",
    "child": "inception.authoring.decorators",
    "install": "inception.installing",
    "now": "inception.authoring.verbs",
    "parent": "inception.authoring.decorators",
    "random": "inception.authoring.verbs",
    "report": "inception.authoring.reporting",
    "side_effect": "inception.authoring.verbs",
    "sleep": "inception.authoring.verbs",
    "track": "inception.authoring.reporting",
    "watch": "inception.authoring.verbs",
    "watch_all": "inception.authoring.verbs",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
