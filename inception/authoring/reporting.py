"""How a task says where it is: `report`, and `track`, which wraps a loop as tqdm does.

Words go to the *voice* of the task that runs here (see `voice`). They are throttled at the
source, cost next to nothing per iteration, and never raise because Redis is away.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sized
from time import monotonic
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar, overload

from tqdm import tqdm

from inception.authoring.redaction import redact_all
from inception.authoring.voice import PAUSE, Voice, current_voice
from inception.runs.meta import read_meta
from inception.runs.model import Meta

Item = TypeVar("Item")

LONGEST_STRIDE: Final = 8
"""Iterations between two looks at the clock, at most: so a loop that was fast and turns slow
is late by no more than that many iterations, once."""
_FAST: Final = PAUSE / 50
_SLOW: Final = PAUSE / 5


def report(iteration: int, total: int | None = None, message: str = "") -> None:
    """Say that `iteration` of `total` (None: unknown) is done, with a `message`.

    At most one word every 50 ms is sent, the newest; the first and the last (iteration equals
    total) always. Never raises because Redis is away: what could not be said is dropped.
    Outside of any task it does nothing.
    """
    voice = current_voice()
    if voice is not None:
        voice.say(progress(iteration, total, message), at_once=iteration == total)


def progress(iteration: int, total: int | None, message: str) -> Meta:
    """The meta of a task at `iteration` of `total`.

    Secrets leave the message before it is cut: of one that the cut goes through a part would stay.
    """
    said = {"iteration": iteration, "total": total, "message": redact_all(message)}
    return read_meta(said)


class Track(Generic[Item]):
    """A loop, or a stretch of work, that reports where it is; what `track` returns.

    `iteration` counts what is done, `total` what there is (None: unknown); `message` may be
    set at any time and goes out with the next word.
    """

    def __init__(
        self, iterable: Iterable[Item] = (), total: int | None = None, message: str = ""
    ) -> None:
        if total is None and isinstance(iterable, Sized):
            total = len(iterable)
        self._iterable = iterable
        self.total = total
        self.message = message
        self.iteration = 0
        self._due = 0.0
        self._said = -1
        self._voice: Voice | None = None
        self._bar: tqdm[Any] | None = None
        self._is_outer = False

    def __iter__(self) -> Iterator[Item]:
        """Yield the items and look at the clock every few of them, as the pace allows.

        One generator, and no second one inside: handing items through would cost as much again.
        """
        with self:
            if not self._is_outer:
                yield from self._iterable
                return
            if self._voice is not None and self._voice.frame is not None:
                yield from self._turns()
                return
            done = self.iteration
            stride, look_at, looked = 1, done + 1, monotonic()
            try:
                for item in self._iterable:
                    yield item
                    done += 1
                    if done >= look_at:
                        moment = monotonic()
                        stride = _next_stride(stride, moment - looked)
                        looked, look_at = moment, done + stride
                        if moment >= self._due:
                            self._say(moment, done)
            finally:
                self.iteration = done

    def _turns(self) -> Iterator[Item]:
        """Yield a parent's items. It waits in its turns, so each is known when it does."""
        for item in self._iterable:
            yield item
            self.update()

    def update(self, k: int = 1) -> None:
        """Count `k` more as done."""
        self.iteration += k
        moment = monotonic()
        if self._is_outer and moment >= self._due:
            self._say(moment, self.iteration)

    def catch_up(self) -> None:
        """Say where it is, if that was not said yet."""
        if self.iteration != self._said:
            self._say(monotonic(), self.iteration)

    def __enter__(self) -> Self:
        self._voice = current_voice()
        self._is_outer = self._voice is None or self._voice.take_turn(self)
        if self._is_outer:
            self._bar = self._draw()
            self._say(monotonic(), self.iteration)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._is_outer:
            return
        self._say(monotonic(), self.iteration)
        if self._bar is not None:
            self._bar.close()
        if self._voice is not None:
            self._voice.end_turn(self)

    def _say(self, moment: float, iteration: int) -> None:
        self._due, self.iteration, self._said = moment + PAUSE, iteration, iteration
        if self._voice is not None:
            self._voice.say(progress(self.iteration, self.total, self.message), at_once=True)
        if self._bar is not None:
            self._bar.n = self.iteration
            self._bar.set_description_str(self.message)

    def _draw(self) -> tqdm[Any] | None:
        """A bar on the terminal, in test mode and outside of tasks; None where nobody sees it."""
        if (self._voice is None or self._voice.draws) and sys.stderr.isatty():
            return tqdm(total=self.total, desc=self.message, leave=True)
        return None


@overload
def track(*, total: int | None = None, message: str = "") -> Track[None]: ...


@overload
def track(iterable: Iterable[Item], total: int | None = None, message: str = "") -> Track[Item]: ...


def track(iterable: Iterable[Any] = (), total: int | None = None, message: str = "") -> Track[Any]:
    """Wrap a loop so that the task reports where it is, as tqdm does.

    Write `for item in track(items): …`; `total` is the number of items (default: the
    iterable's length, if it has one). Without an iterable it is a context manager: `with
    track(total=n) as bar: bar.update(k)`. Of nested ones the outer is reported. In test mode
    it draws a tqdm bar on a terminal. Never raises because Redis is away.
    """
    return Track(iterable, total, message)


def _next_stride(stride: int, took: float) -> int:
    """Look half as often while looking is cheap, and every time once iterations are slow."""
    if took < _FAST:
        return min(LONGEST_STRIDE, stride * 2)
    return 1 if took > _SLOW else stride
