"""Watchers that run in the test's own process on a real Redis, and that it ends where it likes.

A crash is what SIGKILL leaves: from one operation on nothing reaches Redis or the broker any
more, nothing is given back, and the threads of the parents leave. Compute workers are played:
they outlive every watcher, and note each body that they begin.
"""

from __future__ import annotations

import itertools
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from celery import Celery, _state

from inception.authoring.frame import StepRequest
from inception.authoring.task import Task
from inception.runs.connection import connect
from inception.runs.errors import StaleToken
from inception.runs.jsontext import encode
from inception.runs.meta import empty_meta
from inception.runs.model import JsonValue, Run, State
from inception.runs.paths import task_id
from inception.runs.records import Claim, ClaimAnswer, ClaimEnd, Lease, Letter, NewRun
from inception.runs.settings import Settings
from inception.runs.store import Store
from inception.watching.consumers import Consumers
from inception.watching.live_node import LiveNode
from inception.watching.watcher import Watcher

Answer = TypeVar("Answer")
Body = Callable[[LiveNode], JsonValue]
"""What a played worker runs: returns the child's value, raises what the child raises."""

WITHIN = 5.0
"""Seconds (s) that anything here is waited for, at most."""


class Workers:
    """Played compute workers: each claims an attempt, runs its body and records its end."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._store = stage.store
        self._threads = ThreadPoolExecutor(4, "played-worker")
        self._packed: dict[str, tuple[str, LiveNode, str, int]] = {}
        self._postman = threading.Thread(target=self._take_letters, daemon=True)
        self._postman.start()
        self.began: Counter[tuple[str, int]] = Counter()
        """How often each attempt's body began."""

    def send(self, run_id: str, node: LiveNode, _request: StepRequest, _now: float) -> None:
        """Put a child's message into the queue, with what it holds at this moment."""
        self._threads.submit(self.work, run_id, node, node.path, node.attempt)

    def pack(
        self, run_id: str, node: LiveNode, _request: StepRequest, _now: float
    ) -> tuple[Letter, ...]:
        """A child's message, if the stage's messages go along with the records."""
        if not self._stage.along:
            return ()
        text = secrets.token_hex(8)
        self._packed[text] = (run_id, node, node.path, node.attempt)
        return (Letter(queue=self._queue, text=text),)

    @property
    def _queue(self) -> str:
        return f"played:{id(self)}"

    def _take_letters(self) -> None:
        # The connection itself gives up after 5 s without an answer.
        while (letter := self._stage.client.brpop([self._queue], timeout=1)) is None or letter[1]:
            if letter is not None:
                self._threads.submit(self.work, *self._packed[letter[1]])

    def queue_of(self, request: object) -> str:
        """The queue of all children."""
        return "children"

    def close(self) -> None:
        """Return once all bodies have ended."""
        self._stage.client.lpush(self._queue, "")
        self._postman.join()
        self._threads.shutdown()

    def work(self, run_id: str, node: LiveNode, path: str, attempt: int) -> None:
        """Claim an attempt, run its body and record its end, right here."""
        claim = Claim(
            run_id=run_id, path=path, attempt=attempt, retries=0,
            task_id=task_id(run_id, path, attempt), worker="host:played:1", pid=1,
        )  # fmt: skip
        if self._store.claim(claim) != ClaimAnswer.OK:
            return
        self.began[path, attempt] += 1
        try:
            value, error = self._stage.body(node), None
        except Exception as raised:
            value, error = None, str(raised)
        self._store.end_claim(
            ClaimEnd(
                run_id=run_id,
                path=path,
                attempt=attempt,
                retries=0,
                state=State.FAILURE if error else State.SUCCESS,
                meta={**empty_meta("ERROR" if error else "OK"), "error": error},
                value_text=encode(value),
            )
        )


@dataclass(kw_only=True)
class Death:
    """After how many operations a watcher dies; `unanswered`: the last is done, unheard of."""

    after: int | None = None
    unanswered: bool = True
    done: int = 0
    died: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def operation(self, act: Callable[[], Answer]) -> Answer:
        """Do `act`, unless the watcher is dead; die at the chosen one, before or after it."""
        with self._lock:
            self.done += 1
            is_last = self.done == self.after
            if is_last and not self.unanswered:
                self.died.set()
        self._leave_if_dead()
        answer = act()
        if is_last:
            self.died.set()
        self._leave_if_dead()
        return answer

    def _leave_if_dead(self) -> None:
        if self.died.is_set():
            raise StaleToken("this watcher is dead")


class MortalStore(Store):
    """The store as a watcher sees it that may die at any of its operations."""

    def __init__(self, stage: Stage, death: Death) -> None:
        super().__init__(stage.client)
        self._stage = stage
        self._death = death

    def _as_owner(
        self, name: str, lease: Lease, op: int, words: Iterable[str | int], *more_keys: str
    ) -> list[Any]:
        said = list(words)
        self._stage.before(name, said)
        answer = self._death.operation(
            lambda: Store._as_owner(self, name, lease, op, said, *more_keys)
        )
        self._stage.after(name)
        if name == "end_run" and answer[0] == "ok":
            self._stage.ended.set()
        return answer

    def request_revoke(self, *words: Any, **more: Any) -> Run:
        return self._death.operation(lambda: Store.request_revoke(self, *words, **more))


class MortalOutbox:
    """What a watcher sends children with, until it dies."""

    def __init__(self, workers: Workers, death: Death) -> None:
        self._workers = workers
        self._death = death
        self.queue_of = workers.queue_of
        self.pack = workers.pack

    def send(self, run_id: str, node: LiveNode, request: StepRequest, now: float) -> None:
        self._death.operation(lambda: self._workers.send(run_id, node, request, now))


class Stage:
    """One run after the other, in the hands of watchers that come and go."""

    def __init__(self, url: str, body: Body) -> None:
        self.url = url
        self.client = connect(url, purpose="stage")
        self.store = Store(self.client)
        self.app = Celery("stage", broker=url, backend=url, task_cls=Task, set_as_current=False)
        self.body = body
        self.ended = threading.Event()
        self.before: Callable[[str, list[Any]], None] = lambda _name, _words: None
        """Called before each operation of an owner, with its name and words."""
        self.after: Callable[[str], None] = lambda _name: None
        """Called once it is done, before anybody hears so."""
        self.along = False
        """Whether children's messages go along with their records."""
        self._numbers = itertools.count(1)

    def record(self, name: str, **kwargs: JsonValue) -> str:
        """Record a run, without a message; return its id."""
        run_id = secrets.token_hex(8)
        self.store.create_run(NewRun(id=run_id, name=name, kwargs=kwargs))
        return run_id

    @contextmanager
    def watcher(self, workers: Workers, death: Death | None = None) -> Iterator[Watcher]:
        """A watcher without beats (the test says who is dead), which dies at the end if not before.

        Its threads have left when this returns.
        """
        death = death or Death()
        store = MortalStore(self, death)
        process = f"host:watcher:{next(self._numbers)}"
        watcher = Watcher(
            app=self.app, store=store, url=self.url, settings=Settings(), process=process
        )
        watcher._ctx.outbox = MortalOutbox(workers, death)  # type: ignore[assignment]
        watcher._ctx.clock.hear(store.now_ms())
        watcher._ctx.consumers = Consumers(known=True, workers={"played": frozenset({"children"})})
        for part in (watcher._crew, watcher._timers, watcher._hub):
            part.start()
        try:
            yield watcher
        finally:
            death.died.set()
            _end(watcher)

    def play(self, run_id: str, workers: Workers, *, deaths: Iterator[Death]) -> Run:
        """Let one watcher after the other carry the run on, until it has ended; return it."""
        self.ended.clear()
        owner = ""
        for death in deaths:
            with self.watcher(workers, death) as watcher:
                if watcher.scheduler.take(run_id, from_owner=owner):
                    wait_for_either(self.ended, death.died)
                    owner = watcher._ctx.process
            run = self.store.read_run(run_id)
            if run["state"].is_final:
                return run
        raise AssertionError(f"{run_id} has not ended: {self.store.snapshot(run_id)}")


def wait_for_either(ended: threading.Event, died: threading.Event) -> None:
    """Return once one of them is set."""
    for _ in range(int(WITHIN / 0.01)):
        if ended.is_set() or died.wait(0.01):
            return
    raise AssertionError(f"neither ended nor dead within {WITHIN:g} s")


def _end(watcher: Watcher) -> None:
    """What is left of a killed process: nothing that runs."""
    lives = list(watcher.scheduler.runs.values())
    for live in lives:
        live.lane.close()
    watcher._hub.stop()
    watcher._timers.stop()
    for live in lives:
        for frame in list(live.frames.values()):
            frame.revoke()
    watcher._crew.stop()
    for thread in watcher._crew._threads:
        thread.join(WITHIN)


@contextmanager
def default_app(app: Celery) -> Iterator[None]:
    """Make `app` what tasks belong to in every thread that has no app of its own."""
    before = _state.default_app, _state._tls.current_app
    app.set_default()
    _state._tls.current_app = None
    try:
        yield
    finally:
        _state.set_default_app(before[0])
        _state._tls.current_app = before[1]
