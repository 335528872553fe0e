"""Hears those children that go on for longer than a moment.

A child whose message went along with its record need not be listened to from the start: its owner
is told of its claim and of its end on its own channel. What is said besides comes on Celery's
result channel: progress, and what Celery says of a child that nobody claims (it expired, no worker
knows its task, a worker that isn't ours has it). To subscribe that before the child may begin costs
its step a tenth of its time, and many a child ends a moment after its claim. So a child is
subscribed a moment after it, or after a while if nobody claims it, many by one command; and what
it has said until then is read: subscribe, confirmation, then read, as when a run is taken over.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from inception.runs.errors import StoreUnavailable
from inception.watching.hub import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from inception.watching.context import Context
    from inception.watching.live import LiveRun
    from inception.watching.live_node import LiveNode
    from inception.watching.results import CeleryWord

MOMENT: Final = 0.005
"""Seconds (s) that a child may go on unheard once it is claimed."""
WHILE: Final = 2.0
"""Seconds (s) that a child may go on unheard that nobody claims."""
_LOOKS: Final = 10
"""Looks for a while's length: those that are sent meanwhile are looked at together."""
MOST_AT_ONCE: Final = 500
"""Children heard by one job: their results are read by one command."""
_PAUSE: Final = 1.0
"""Seconds (s) until those are tried again that could not be heard: Redis is away."""


class _Expected(NamedTuple):
    due: float
    live: LiveRun
    node: LiveNode
    task_id: str

    @property
    def goes_on(self) -> bool:
        """True while this attempt has not ended, as far as is known here."""
        node = self.node
        return node.task_id == self.task_id and not node.ended and not self.live.dropped

    @property
    def holder(self) -> str:
        return self.live.lane.lease.token


class _Line:
    """Children that become due in the order in which they came, after so many seconds (s)."""

    def __init__(self, wait: float, tick: float) -> None:
        self._wait = wait
        self._tick = tick
        self._children: deque[_Expected] = deque()
        self._looks = False
        """Somebody will look, or looks just now."""
        self._lock = threading.Lock()

    def put(self, live: LiveRun, nodes: Iterable[LiveNode]) -> float | None:
        """Put these in; returns in how many seconds (s) somebody must look, if nobody would."""
        due = time.monotonic() + self._wait
        with self._lock:
            self._children.extend(_Expected(due, live, node, node.task_id) for node in nodes)
            is_looking, self._looks = self._looks, True
        return None if is_looking else self._wait

    def take(self) -> tuple[list[_Expected], float | None]:
        """Those that are due, and in how many seconds (s) to look again, if anybody is left."""
        now = time.monotonic()
        due: list[_Expected] = []
        with self._lock:
            while self._children and self._children[0].due <= now:
                due.append(self._children.popleft())
            self._looks = bool(self._children)
            pause = max(self._children[0].due - now, self._tick) if self._children else None
        return due, pause


class Attention:
    """The children of this process that are to be heard soon."""

    def __init__(
        self, ctx: Context, on_word: Callable[[LiveRun, str, str, CeleryWord], None]
    ) -> None:
        self._ctx = ctx
        self._on_word = on_word
        self._sent = _Line(WHILE, WHILE / _LOOKS)
        self._begun = _Line(MOMENT, MOMENT)

    def sent(self, live: LiveRun, nodes: Sequence[LiveNode]) -> None:
        """These were sent unheard: hear those that nobody has claimed in a while."""
        if nodes:
            self._look_in(self._sent, self._sent.put(live, nodes))

    def begun(self, live: LiveRun, node: LiveNode) -> None:
        """This child was claimed: hear it from a moment on if it goes on, and isn't heard yet."""
        if not self._ctx.hub.hears(live.lane.lease.token, node.task_id):
            self._look_in(self._begun, self._begun.put(live, [node]))

    def _look_in(self, line: _Line, seconds: float | None) -> None:
        if seconds is not None:
            self._ctx.timers.call_later(seconds, partial(self._look, line))

    def _look(self, line: _Line) -> None:
        """Have those heard that are due and go on; runs on the timers' thread."""
        due, again = line.take()
        self._look_in(line, again)
        hears = self._ctx.hub.hears
        unheard = [
            child for child in due if child.goes_on and not hears(child.holder, child.task_id)
        ]
        for first in range(0, len(unheard), MOST_AT_ONCE):
            self._hear_soon(unheard[first : first + MOST_AT_ONCE])

    def _hear_soon(self, children: Sequence[_Expected]) -> None:
        self._ctx.crew.submit(partial(self._hear, children))

    def _hear(self, children: Sequence[_Expected]) -> None:
        """Subscribe these, and read what they have said; on the crew."""
        try:
            self._ctx.hub.listen(self._wanted(child) for child in children)
            self._read(children)
        except StoreUnavailable:
            if going_on := [child for child in children if child.goes_on]:
                self._ctx.timers.call_later(_PAUSE, partial(self._hear_soon, going_on))
        except Exception:
            for child in children:  # nobody would hear them: their runs are taken up anew
                child.live.break_off()
            raise
        finally:
            for child in children:
                if not child.goes_on:  # it ended meanwhile, perhaps before it could be left
                    self._ctx.hub.leave(child.holder, child.task_id)

    def _wanted(self, child: _Expected) -> Wanted:
        on_word = partial(self._on_word, child.live, child.node.path, child.task_id)
        return Wanted(child.holder, child.task_id, on_word)

    def _read(self, children: Sequence[_Expected]) -> None:
        known = [child.node.words for child in children]
        words = self._ctx.results.read([child.task_id for child in children])
        for child, word, heard in zip(children, words, known, strict=True):
            if word is not None and child.node.words == heard:  # else it has said something newer
                self._on_word(child.live, child.node.path, child.task_id, word)
