"""The voice of a running task: where its words go, how often, and what it said last.

A parent's voice is its frame, test mode's only remembers, and a delivered task's is Celery's
own result channel, so that any tool that reads results sees the same words.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any, Final, Protocol

from celery._state import get_current_worker_task

from inception.authoring.frame import Frame, current_frame
from inception.authoring.redaction import redact_all
from inception.authoring.result_channel import say_progress
from inception.runs.meta import read_meta
from inception.runs.model import Meta, State

PAUSE: Final = 0.05
"""Seconds (s) between two words of one task; the newest of those between is kept."""
_SHORTEST_SILENCE: Final = 1.0
_LONGEST_SILENCE: Final = 15.0
"""Seconds (s) without a try after one that failed, doubling: a task must not crawl because
each of its words waits for a Redis that is away."""


class Speaker(Protocol):
    """What speaks for a stretch of a task: a `track`."""

    def catch_up(self) -> None:
        """Say where it is, if that was not said yet."""


class Voice:
    """Takes the words of one running task to `deliver`, at most one in 50 ms unless urgent.

    `deliver` returns False for a word that could not be said. `draws` says that nobody else
    shows progress, so a bar may be drawn. `pause` is in seconds (s); 0 hands on every word.
    `frame` is that of the parent whose voice this is.
    """

    def __init__(
        self,
        deliver: Callable[[Meta], bool],
        *,
        draws: bool = False,
        pause: float = PAUSE,
        frame: Frame | None = None,
    ) -> None:
        self.frame = frame
        self.last: Meta | None = None
        self.draws = draws
        self._deliver = deliver
        self._pause = pause
        self._lock = threading.Lock()
        self._not_before = 0.0
        self._silence = 0.0
        self._timer: threading.Timer | None = None
        self._turn: Speaker | None = None
        self._closed = False

    def say(self, meta: Meta, *, at_once: bool = False) -> None:
        """Say `meta` now if it is urgent or due, else a moment later unless a newer one comes."""
        meta = redact_all(meta)
        with self._lock:
            self.last = meta
            if self._closed:
                return
            wait = self._not_before - monotonic()
            if wait <= 0 or (at_once and not self._silence):
                self._speak(meta)
            elif self._timer is None:
                self._timer = self._start_timer(wait)

    def note(self, meta: Meta) -> None:
        """Remember `meta`, which was said by other means, as the last word."""
        self.last = meta

    def close(self) -> Meta | None:
        """Say no more, and return the last word. Waits for one that is being said."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            return self.last

    def take_turn(self, speaker: Speaker) -> bool:
        """Make `speaker` the one whose words count, unless there is one already."""
        if self._turn is None:
            self._turn = speaker
        return self._turn is speaker

    def end_turn(self, speaker: Speaker) -> None:
        """Let the next one speak."""
        if self._turn is speaker:
            self._turn = None

    def catch_up(self) -> None:
        """Have the speaker say what it kept to itself, since the task is about to wait."""
        if self._turn is not None:
            self._turn.catch_up()

    def _speak(self, meta: Meta) -> None:
        said = self._deliver(meta)
        self._silence = 0.0 if said else self._longer_silence()
        self._not_before = monotonic() + (self._silence or self._pause)

    def _longer_silence(self) -> float:
        return min(_LONGEST_SILENCE, max(_SHORTEST_SILENCE, self._silence * 2))

    def _start_timer(self, wait: float) -> threading.Timer:
        timer = threading.Timer(wait, self._catch_up)
        timer.daemon = True
        timer.start()
        return timer

    def _catch_up(self) -> None:
        """Say the newest of the words that came too soon."""
        with self._lock:
            self._timer = None
            if not self._closed and self.last is not None:
                self._speak(self.last)


_voice: ContextVar[Voice | None] = ContextVar("inception_voice", default=None)


@contextmanager
def speaking(voice: Voice) -> Iterator[Voice]:
    """Make `voice` the one of whatever runs inside."""
    token = _voice.set(voice)
    try:
        yield voice
    finally:
        _voice.reset(token)
        voice.close()


@contextmanager
def speaking_if_asked() -> Iterator[None]:
    """Let a parent that runs inside make its voice with its first word: most only wait."""
    token = _voice.set(None)
    try:
        yield
    finally:
        voice = _voice.get()
        _voice.reset(token)
        if voice is not None:
            voice.close()


def current_voice() -> Voice | None:
    """The voice of the task that runs here; None outside of tasks."""
    voice, frame = _voice.get(), current_frame.get()
    if voice is not None and voice.frame is frame:
        return voice
    if frame is not None:
        voice = voice_of(frame)
        _voice.set(voice)  # for as long as this frame is the current one
        return voice
    task = get_current_worker_task()
    return None if task is None else _worker_voice(task)


def voice_of(frame: Frame, *, draws: bool = False) -> Voice:
    """The voice of the parent behind `frame`, which gathers words itself."""

    def deliver(meta: Meta) -> bool:
        frame.report(meta)
        return True

    return Voice(deliver, draws=draws, pause=0.0, frame=frame)


def catch_up(frame: Frame) -> None:
    """Say where the parent behind `frame` is, before it starts a step or waits."""
    voice = _voice.get()
    if voice is not None and voice.frame is frame:
        voice.catch_up()


def last_word() -> Meta | None:
    """What the task that runs here said last, also if it was not sent yet; it says no more.

    For whoever records the task's end.
    """
    voice = current_voice()
    return None if voice is None else voice.close()


def _worker_voice(task: Any) -> Voice:
    """The voice of a task that a worker was handed; it lives as long as the task's request."""
    request = task.request
    voice: Voice | None = getattr(request, "inception_voice", None)
    if voice is None:
        voice = request.inception_voice = _new_worker_voice(task, request)
    return voice


def _new_worker_voice(task: Any, request: Any) -> Voice:
    if request.is_eager or request.id is None:
        return silent_voice()
    backend, task_id = task.backend, request.id  # taken here: `app.backend` is one per thread
    return Voice(lambda meta: say_progress(backend, task_id, meta))


def silent_voice() -> Voice:
    """A voice that nobody but its own terminal hears: test mode's."""
    return Voice(lambda _meta: True, draws=True, pause=0.0)


def read_update(state: str | None, meta: object) -> Meta:
    """Read what was given to `update_state`: any state but PROGRESS becomes the status."""
    word = read_meta(meta)
    if state not in (None, State.PROGRESS, State.STARTED):
        word["status"] = str(state)
    return word
