"""An app without a server, and a frame that can be run again over its journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from celery import Celery, _state

from inception.authoring.direct import DirectFrame
from inception.authoring.frame import current_frame
from inception.authoring.task import Task
from inception.runs.jsontext import normalise
from inception.runs.model import JsonValue


class JournalFrame(DirectFrame):
    """Test mode's frame with a memory of recorded values, so that it can be replayed."""

    def __init__(self) -> None:
        super().__init__(run_id="run")
        self.journal: list[JsonValue] = []
        self.slept: list[float] = []
        self._next = 0

    def record(self, kind: str, produce: Callable[[], JsonValue]) -> JsonValue:
        if self._next == len(self.journal):
            self.journal.append(normalise(produce(), kind))
        self._next += 1
        return self.journal[self._next - 1]

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def replay(self) -> None:
        """Start from the top again, as after a take-over."""
        self._next = 0


@pytest.fixture(scope="session")
def memory_app() -> Celery:
    return Celery("unit", broker="memory://", backend="cache+memory://", task_cls=Task)


@pytest.fixture(autouse=True)
def app(memory_app: Celery) -> Iterator[Celery]:
    before = _state._tls.current_app, _state.default_app
    memory_app.set_current()
    memory_app.set_default()  # the current app is one per thread
    yield memory_app
    _state._set_current_app(before[0])
    _state.set_default_app(before[1])


@pytest.fixture(autouse=True)
def no_frame_is_left() -> Iterator[None]:
    yield
    left = current_frame.get()
    current_frame.set(None)
    assert left is None, "a frame outlived its parent"


@pytest.fixture
def frame() -> Iterator[JournalFrame]:
    """The body of the test is the body of a parent."""
    frame = JournalFrame()
    token = current_frame.set(frame)
    yield frame
    current_frame.reset(token)
