"""Parents that wait: what each costs, and what they cost another."""

from __future__ import annotations

import time

from bench import application
from bench.application import Application, wait_for
from bench.baselines.worker import bare_client, start_bare
from bench.figures import Figure, Lines, Measured, Of, Row, Samples, Target
from bench.monitoring import Seen, monitored
from bench.processes import resident_bytes
from inception.runs import keys
from inception.runs.celery_app import PARENTS_QUEUE

WAITING = 10_000
PARKED = 3_000
"""Plain tasks that are parked: each takes the same, however many there are."""
QUIET_SECONDS = 60
CROWDS = (0, 1000, 5000)
BARE_CROWDS = (0, 1000, 3000)
STEPS = 200
ROUNDS = 4
BARE_STEPS = 60
_KIB = 1024.0
_PATIENCE = 150
"""Seconds (s) until all are waiting."""
_SENDERS_SETTLE = 2.0


def measure_memory() -> Measured:
    """KiB of each waiting parent, and the commands of a quiet minute."""
    with application.running(watchers=1) as app:
        watcher = app.processes[-1]
        app.worker("announcer", "children", "prefork", 1)
        _crowd(app, 50)
        before = resident_bytes(watcher.pid)
        _crowd(app, WAITING)
        ours = (resident_bytes(watcher.pid) - before) / WAITING / _KIB
        commands = _quiet_minute(app)
    with application.running() as app:
        theirs = _parked(app)
    figures = [
        Figure(
            name="memory of a waiting parent",
            unit="KiB",
            ours=ours,
            against="a parked plain task in an eventlet worker",
            theirs=theirs,
            target=Target(of=Of.OURS, most=40.0),
        ),
        Figure(
            name=f"commands about single runs in {QUIET_SECONDS} s of waiting",
            unit="commands",
            ours=commands,
            target=Target(of=Of.OURS, most=0.0),
        ),
    ]
    note = (
        f"{WAITING:,} runs, each waiting for a child in a queue that no worker consumes, in one "
        "watcher process; resident memory before and after. Counted with MONITOR is every command "
        "that names a run, a node or a task; beats go on."
    )
    return Measured(figures=figures, notes=[note])


def measure_steps() -> Measured:
    """Milliseconds (ms) of another parent's step while so many wait."""
    ours, theirs = {}, {}
    alone: dict[int, Samples] = {}
    with (
        application.running(slots=1, watchers=1) as empty,
        application.running(slots=1, watchers=1) as app,
    ):
        waiting = 0
        for each in (empty, app):
            _steps(each)
        for crowd in CROWDS:
            _crowd(app, crowd - waiting)
            waiting = crowd
            ours[crowd], alone[crowd] = _in_turn(app, empty)
    with application.running() as app:
        start_bare(app, "prefork", 1)
        start_bare(app, "eventlet", max(BARE_CROWDS) + 50, queue="bare-parents")
        waiting = 0
        for crowd in BARE_CROWDS:
            _bare_crowd(app, crowd - waiting)
            waiting = crowd
            theirs[crowd] = _bare_steps(app)
    return _measured_steps(ours, alone, theirs)


def _in_turn(app: Application, empty: Application) -> tuple[Samples, Samples]:
    """Steps beside the crowd, and in an application of its own, by rounds in turn.

    A machine that is slower for a minute is so for both.
    """
    beside, alone = Samples(), Samples()
    for _ in range(ROUNDS):
        beside.values += _steps(app).values
        alone.values += _steps(empty).values
    return beside, alone


def _measured_steps(
    ours: dict[int, Samples], empty: dict[int, Samples], theirs: dict[int, Samples]
) -> Measured:
    alone, most = empty[CROWDS[-1]], ours[CROWDS[-1]]
    figures = [
        Figure(
            name=f"median step while {CROWDS[-1]:,} wait",
            unit="ms",
            ours=most.median,
            against="the same, alone",
            theirs=alone.median,
            target=Target(most=1.2),
        ),
        Figure(
            name=f"p99 while {CROWDS[-1]:,} wait",
            unit="ms",
            ours=most.percentile(99),
            against="the same, alone",
            theirs=alone.percentile(99),
            target=Target(most=3.0),
        ),
        Figure(
            name=f"median step while {BARE_CROWDS[-2]:,} wait",
            unit="ms",
            ours=ours[BARE_CROWDS[-2]].median,
            against="AsyncResult.get()",
            theirs=theirs[BARE_CROWDS[-2]].median,
        ),
    ]
    points = {
        "ours": [(float(crowd), side.median) for crowd, side in ours.items()],
        "AsyncResult.get()": [(float(crowd), side.median) for crowd, side in theirs.items()],
    }
    note = (
        f"{STEPS} trivial children in sequence by one parent, each step timed, while others wait "
        f"in the same process: {ROUNDS} rounds in turn with the same parent in an application of "
        "its own, where nobody waits. The other side is a plain task in an eventlet worker that "
        f"waits by `AsyncResult.get()` among others that do so ({BARE_STEPS} steps)."
    )
    lines = Lines(x="parents that wait", y="ms a step (median)", points=points, log_y=True)
    return Measured(figures=figures, notes=[note], lines=lines)


def _crowd(app: Application, runs: int) -> None:
    """Start so many runs, and return once all of them wait."""
    control, client = app.control, app.client
    started = f"{keys.RUNS}:STARTED"
    before = client.zcard(started) + client.zcard(f"{keys.RUNS}:PROGRESS")
    queued = client.llen("bench-nobody")
    for _ in range(runs):
        control.start("bench.tasks.waiting", {})
    wait_for(
        lambda: client.llen("bench-nobody") - queued >= runs,
        f"{runs} parents after {before} did not wait",
        _PATIENCE,
    )
    # Where they came faster than they were taken, the rescuer took some before their messages came.
    wait_for(lambda: not client.llen(PARENTS_QUEUE), "messages were left", _PATIENCE)
    time.sleep(_SENDERS_SETTLE)


def _quiet_minute(app: Application) -> int:
    with monitored(app.client) as seen:
        time.sleep(QUIET_SECONDS)
    return sum(_names_a_run(each) for each in seen)


def _names_a_run(seen: Seen) -> bool:
    marks = ("{inception}:run:", "{inception}:nodes:", "celery-task-meta-", "bench-nobody")
    return any(mark in seen.command for mark in marks)


def _parked(app: Application) -> float:
    pid = start_bare(app, "eventlet", PARKED + 100)
    client = bare_client(app)
    client.conf.update(result_backend="disabled://", result_backend_thread_safe=True)

    def park(tasks: int) -> None:
        for _ in range(tasks):
            client.send_task("bare.asleep", args=[600.0], queue="bare")
        wait_for(lambda: app.client.llen("bare") == 0, "plain tasks were not taken", _PATIENCE)
        time.sleep(_SENDERS_SETTLE)

    park(50)
    before = resident_bytes(pid)
    park(PARKED)
    return (resident_bytes(pid) - before) / PARKED / _KIB


def _steps(app: Application) -> Samples:
    """Each step's milliseconds (ms), as the parent itself times them."""
    client = bare_client(app)
    run = app.control.start("bench.tasks.timed_steps", {"count": STEPS}).run
    took: list[float] = client.AsyncResult(run["id"]).get(timeout=_PATIENCE)
    return Samples(took)


def _bare_crowd(app: Application, tasks: int) -> None:
    client = bare_client(app)
    client.conf.update(result_backend="disabled://", result_backend_thread_safe=True)
    for number in range(tasks):
        client.send_task("bare.parked", args=[f"nobody-{time.time_ns()}-{number}"],
                         queue="bare-parents")  # fmt: skip
    wait_for(lambda: app.client.llen("bare-parents") == 0, "plain parents did not wait", _PATIENCE)
    time.sleep(_SENDERS_SETTLE)


def _bare_steps(app: Application) -> Samples:
    task = bare_client(app).send_task(
        "bare.getting_parent", args=[BARE_STEPS], queue="bare-parents"
    )
    took: list[float] = task.get(timeout=_PATIENCE)
    return Samples([1000 * seconds for seconds in took])


MEMORY = Row(
    number="6",
    title="10,000 parents waiting in one watcher process",
    what="memory of each of 10,000 waiting parents; Redis commands about them in 60 s",
    against="a plain Celery task parked in an eventlet worker",
    measure=measure_memory,
    limit=420,
)
STEP_LATENCY = Row(
    number="6b",
    title="A step while others wait",
    what="one more parent's latency per step while 0, 1,000, 5,000 others wait",
    against="the same parent written with `AsyncResult.get()`",
    measure=measure_steps,
    limit=300,
)
