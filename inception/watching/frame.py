"""A parent that runs in a watcher process, and what its verbs do there.

The body runs in a thread of its own (a greenlet in a green process), outside Celery's pool: it
holds no slot while it waits. Every verb returns only what is recorded.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from itertools import islice
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from inception.authoring.errors import RunRevoked
from inception.authoring.frame import StepHandle, StepRequest
from inception.authoring.voice import catch_up
from inception.runs.concealment import reveal, secret_texts
from inception.runs.errors import RunNotFound, SpawnRefused, StaleToken, StepGoesOn
from inception.runs.jsontext import encode
from inception.runs.keys import retried
from inception.runs.keys import retries as retries_key
from inception.runs.keys import stopped as stopped_key
from inception.runs.model import ROOT, JsonValue, Meta, State
from inception.runs.paths import child_path, tree_order
from inception.runs.recordtext import raw
from inception.runs.wakeup import Wakeup
from inception.watching.arrivals import Arrivals, Dropped
from inception.watching.journal import RecordedStep, value_key

if TYPE_CHECKING:
    from inception.authoring.frame import WatchOptions
    from inception.authoring.outcome import Outcome
    from inception.authoring.secret_arguments import Arguments
    from inception.watching.desk import Desk
    from inception.watching.live import LiveRun
    from inception.watching.live_node import LiveNode

log = logging.getLogger(__name__)

Words = ParamSpec("Words")
Answer = TypeVar("Answer")

_CHUNK: Final = 200
"""Children started by one round trip when `watch_all` has no limit."""


def _fenced(verb: Callable[Words, Answer]) -> Callable[Words, Answer]:
    """Let a parent leave whose run isn't held here any more, whatever it catches.

    Were it to take this for an error of its own, it would clean up what the next owner needs.
    """

    @wraps(verb)
    def leave_or(*words: Words.args, **more: Words.kwargs) -> Answer:
        try:
            return verb(*words, **more)
        except (StaleToken, RunNotFound) as elsewhere:
            raise Dropped from elsewhere

    return leave_or


class LiveFrame:
    """The frame of one parent: numbers its steps and waits for them."""

    def __init__(self, desk: Desk, live: LiveRun, node: LiveNode) -> None:
        self._desk = desk
        self._live = live
        self.node = node
        self._steps = 0
        self._values = 0
        self._wake = Wakeup()
        self._thread: int | None = None
        self._expired: str | None = None
        self._own: list[LiveNode] = []

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._live.id

    @property
    def path(self) -> str:
        """The parent's own address."""
        return self.node.path

    @property
    def expired(self) -> str | None:
        """The error of the deadline that ended this parent, if one did."""
        return self._expired

    @property
    def children(self) -> list[LiveNode]:
        """The children it has started or joined, in order."""
        return self._own

    def adopt_thread(self) -> None:
        """Make the calling thread the parent's own."""
        self._thread = threading.get_ident()

    def owns_thread(self) -> bool:
        """True in the parent's own thread."""
        return self._thread == threading.get_ident()

    def revoke(self) -> None:
        """Wake the parent: its verbs raise RunRevoked from now on."""
        self._wake.ring()

    def expire(self, error: str) -> None:
        """A deadline of this parent has passed: it ends as a failure with this error."""
        self._expired = error
        self._wake.ring()

    def check(self) -> None:
        """Raise RunRevoked or Dropped if the parent must not go on."""
        if self._live.dropped:
            raise Dropped
        if self._expired is not None:
            raise RunRevoked(self._expired)
        if self._live.is_revoked(self.path):
            raise RunRevoked

    @_fenced
    def start(self, steps: Sequence[StepRequest]) -> list[StepHandle]:
        """Number, record and send `steps`; those that are recorded are joined."""
        self._pause()
        numbered = [(self._next_path(), step) for step in steps]
        try:
            new = [pair for pair in numbered if not self._join(*pair)]
            started = self._desk.steps.start(self._live, new) if new else []
        except SpawnRefused:
            self._desk.revoker.heard(self._live, self.path)
            raise RunRevoked from None
        if self._live.is_revoked(self.path):  # it came meanwhile, and could not see these
            self._desk.revoker.stop(self._live, started)
        for node in started:
            self._begin_if_parent(node)
        nodes = [self._live.nodes[path] for path, _step in numbered]
        self._own.extend(nodes)
        with self._live.lock:
            self._live.rollup.asked(self.path, self._steps)
        return [StepHandle(id=node.task_id, path=node.path, frame=self) for node in nodes]

    @_fenced
    def wait(self, handles: Sequence[StepHandle], options: WatchOptions) -> list[Outcome]:
        """Return the outcomes in the order of `handles`, once all are recorded."""
        self._pause()
        nodes = [self._live.nodes[handle.path] for handle in handles]
        self._arm(nodes, options)
        arrivals = self._expect(nodes)
        while arrivals.open:
            arrivals.next()
        self.check()
        return [node.outcome() for node in nodes]

    @_fenced
    def watch_all(
        self,
        steps: Iterable[StepRequest | StepHandle],
        limit: int | None,
        options: WatchOptions,
        *,
        stop_on_error: bool,
        ahead: int = 0,
    ) -> list[Outcome]:
        """Start `steps` in order, at most `limit` in flight, and return all outcomes."""
        self._pause()
        self._announce(ahead)
        key = stopped_key(self.path, self._steps)
        kept = self._live.journal.get(key) if stop_on_error else None
        pending = iter(steps) if kept is None else islice(steps, int(kept))
        nodes: list[LiveNode] = []
        arrivals = self._expect(())
        stopped = False

        def take(some: Iterator[StepRequest | StepHandle]) -> list[LiveNode]:
            fresh = self._start_some(some)
            self._arm(fresh, options)
            nodes.extend(fresh)
            arrivals.expect(fresh)
            return fresh

        while True:
            room = _CHUNK if limit is None else max(0, limit - arrivals.open)
            if take(islice(pending, room)) and limit is None:
                continue
            if not arrivals.open:
                self.check()
                return [node.outcome() for node in nodes]
            ended = arrivals.next()
            if stop_on_error and not stopped and not ended.outcome().ok:
                stopped = True
                for step in pending if kept is not None else self._recorded(pending):
                    take(iter((step,)))
                pending = iter(())
                if limit is not None and kept is None:
                    self._record_text(key, str(len(nodes)))
                self._stop([node for node in nodes if not node.ended])

    @_fenced
    def record(self, kind: str, produce: Callable[[], JsonValue]) -> JsonValue:
        """Return what was recorded at this place, or record what `produce` returns."""
        self._pause()
        key = value_key(self.path, self._values)
        self._values += 1
        text = self._live.journal.get(key)
        if text is None:
            text = self._record_text(key, encode(produce(), kind))
        value: JsonValue = json.loads(text)
        return value

    def sleep(self, seconds: float) -> None:
        """Return `seconds` (s) after the moment that was recorded here."""
        clock = self._desk.clock
        wake_at = self.record("sleep", lambda: clock.now() + seconds)
        if not isinstance(wake_at, int | float):
            raise TypeError(f"A recorded sleep reads {wake_at!r}.")
        while (left := wake_at - clock.now()) > 0:
            self.check()
            self._wake.wait(left)
        self.check()

    def report(self, meta: Meta) -> None:
        """Show what the parent says of itself."""
        live, node = self._live, self.node
        with live.lock:
            if node.ended or live.dropped:
                return
            live.writer.roll_up(node, self._completion(meta))
            node.meta = meta = {**meta, "completion": live.rollup.completion(node.path)}
            moved = node.state == State.STARTED
            fields = {"meta": raw(meta)}
            if moved:
                node.state, fields["state"] = State.PROGRESS, raw(State.PROGRESS)
            live.writer.post(node, fields, urgent=moved)

    def _announce(self, ahead: int) -> None:
        """So many more steps are to come: those that can't start yet count as nothing done."""
        with self._live.lock:
            self._live.rollup.expect(self.path, self._steps + ahead)

    def _pause(self) -> None:
        """Before whatever may take a while: all is said, and the parent may go on."""
        catch_up(self)
        self.check()

    def _completion(self, meta: Meta) -> float:
        """How far the parent is, that says this: by its turns and children, if it has any."""
        rollup, path = self._live.rollup, self.path
        if meta["total"]:
            rollup.report(path, done=meta["iteration"], of=meta["total"], steps=self._steps)
        return rollup.estimate(path) if rollup.has_children(path) else meta["completion"]

    def wait_for_children(self) -> None:
        """Wait until all children have recorded ends, whatever is asked of the parent."""
        arrivals = self._expect(self._own)
        while arrivals.open:
            arrivals.next(checked=False)

    def _next_path(self) -> str:
        path = child_path(self.path, self._steps)
        self._steps += 1
        return path

    def _join(self, path: str, step: StepRequest) -> bool:
        """Take a recorded step up again: ended, running, or queued and perhaps never sent."""
        recorded = self._live.journal.get(path)
        node = self._live.nodes.get(path)
        if recorded is None or node is None:
            return False
        if self._starts_anew(node, recorded, step):
            return True
        RecordedStep.from_text(recorded).check(path, name=step.name, digest=step.digest)
        if not node.ended:
            node.request = step
            if node.kind == "parent":
                self._begin_if_parent(node)
            elif not node.backing_off:
                self._desk.steps.send(self._live, node)
        return True

    def _starts_anew(self, node: LiveNode, recorded: str, step: StepRequest) -> bool:
        """Start a step that the parent asks for in place of the recorded one, after a retry.

        From the first step on that the retry started anew, what is recorded is set aside where
        it doesn't match; what was started in this try and runs is not.
        """
        if recorded == f"{step.digest} {step.name}" or not self._is_past_failure(node.path):
            return False
        try:
            self._desk.steps.start_anew(self._live, node, step)
        except StepGoesOn:
            return False
        self._begin_if_parent(node)
        return True

    def _is_past_failure(self, path: str) -> bool:
        first = self._live.journal.get(retried(self.path))
        return first is not None and tree_order(path)[-1] >= int(first)

    def _begin_if_parent(self, node: LiveNode) -> None:
        if node.kind == "parent" and not node.ended:
            self._desk.begin(self._live, node)

    def _start_some(self, steps: Iterator[StepRequest | StepHandle]) -> list[LiveNode]:
        """Start a few; a handle among them stands for a child that was started before."""
        taken = list(steps)
        requests = [step for step in taken if isinstance(step, StepRequest)]
        started = iter(self.start(requests) if requests else [])
        handles = [next(started) if isinstance(step, StepRequest) else step for step in taken]
        return [self._live.nodes[handle.path] for handle in handles]

    def _recorded(
        self, steps: Iterator[StepRequest | StepHandle]
    ) -> Iterator[StepRequest | StepHandle]:
        """Those of `steps` that an earlier try of this parent has started: it saw ends otherwise.

        Nothing that comes after these steps can be recorded yet.
        """
        while child_path(self.path, self._steps) in self._live.journal:
            step = next(steps, None)
            if step is None:
                return
            yield step

    def _arm(self, nodes: Iterable[LiveNode], options: WatchOptions) -> None:
        for node in nodes:
            if options.retries > node.retries and not node.ended:
                self._grant(node, options.retries)
            self._desk.deadlines.arm(self._live, node, options)

    def _grant(self, node: LiveNode, retries: int) -> None:
        """Record the retries of a child that was started before its watch."""
        granted = int(self._record_text(retries_key(node.path), str(retries)))
        with self._live.lock:
            node.retries_left += granted - node.retries
            node.retries = granted

    def _stop(self, nodes: Sequence[LiveNode]) -> None:
        self._desk.revoker.request(self._live, nodes, reason="another child failed")

    def _expect(self, nodes: Iterable[LiveNode]) -> Arrivals:
        arrivals = Arrivals(self._live, self._wake, self.check)
        arrivals.expect(nodes)
        return arrivals

    def _record_text(self, key: str, text: str) -> str:
        store, live = self._desk.store, self._live
        recorded = live.lane.commit(lambda lease, op: store.record_value(lease, op, key, text))
        live.journal[key] = recorded
        return recorded


def is_root(frame: LiveFrame) -> bool:
    """True for the frame of a run's own function."""
    return frame.path == ROOT


def arguments_of(frame: LiveFrame, live: LiveRun) -> Arguments:
    """What the parent's function is called with, secrets included."""
    if is_root(frame) or frame.node.request is None:
        return (), reveal(live.kwargs, live.hidden)
    return frame.node.request.arguments()


def secrets_of(frame: LiveFrame, live: LiveRun) -> set[str]:
    """The texts that the parent must not be heard to say."""
    own = frame.node.request.hidden if frame.node.request is not None else {}
    return secret_texts(live.hidden) | secret_texts(own)
