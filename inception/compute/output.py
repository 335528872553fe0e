"""Keeps what a child prints and logs, without ever making it wait.

Lines go to where they went before, and into a bounded buffer that a thread of this process
empties into the store. While Redis is away the oldest lines are dropped, and counted.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TextIO, cast

from inception.authoring.redaction import redact
from inception.compute.slots import Held
from inception.runs.errors import InceptionError
from inception.runs.model import MAX_LOG_BYTES
from inception.runs.records import LogLine, LogSource

Append = Callable[[Held, Sequence[LogLine]], None]

FLUSH_AFTER: Final = 0.1
"""Seconds (s) that a line waits for company."""
BATCH_BYTES: Final = 16 * 1024
MAX_LINE: Final = 8 * 1024
"""Characters of one line; longer ones are broken."""
END_WAIT: Final = 0.5
"""Seconds (s) that a child's end waits for its last lines to be stored."""
_PAUSE_AWAY: Final = 1.0
_REDIRECTED: Final = "celery.redirected"
"""Celery's logger of what is printed, which is kept as print already."""
_SEPARATE_LOGGER: Final = "celery.task"
"""Parent of task loggers; Celery keeps it apart from the root logger."""


class Output:
    """The output of this process's child, on its way to the store.

    `append` stores lines of one attempt and raises an InceptionError where it can't, or can't say
    whether it has. Then the same lines come again, maybe with others: they are numbered.
    """

    def __init__(self, append: Append) -> None:
        self._append = append
        self._capture = Capture(self.add)
        self._lines: deque[tuple[Held, LogLine]] = deque()
        self._bytes = 0
        self._said = 0
        self._dropped = 0
        self._last_dropped = 0
        """The number of that line, which is free for the note of those dropped."""
        self._changed = threading.Condition()
        self._held: Held | None = None
        self._writing = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def of(self, held: Held) -> Iterator[None]:
        """Keep what is printed and logged within as the output of `held`."""
        self._held = held
        stdout, stderr = sys.stdout, sys.stderr
        tees = Tee(stdout, "stdout", self.add), Tee(stderr, "stderr", self.add)
        sys.stdout, sys.stderr = (cast("TextIO", tee) for tee in tees)
        _attach(self._capture)
        try:
            yield
        finally:
            _detach(self._capture)
            sys.stdout, sys.stderr = stdout, stderr
            for tee in tees:
                tee.end_line()
            self._wait_for_no_more()

    def add(self, text: str, stream: LogSource, level: str | None = None) -> None:
        """Take a line for the present child; never waits for the store, never raises."""
        held = self._held
        if held is None:
            return
        text = redact(text)
        pieces = [text[at : at + MAX_LINE] for at in range(0, len(text), MAX_LINE)] or [""]
        with self._changed:
            for piece in pieces:
                self._said += 1
                line = LogLine(text=piece, stream=stream, level=level, number=self._said)
                self._lines.append((held, line))
                self._bytes += len(piece) + 1
            self._drop_oldest()
            self._begin_writing()
            self._changed.notify_all()

    def flush(self, wait: float = END_WAIT) -> bool:
        """Return True once all is stored, False if it is not after `wait` seconds (s)."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._lines and not self._writing, wait)

    def _wait_for_no_more(self) -> None:
        """The child has ended: no company is to come, and its end waits for what waits for it."""
        with self._changed:
            self._held = None
            self._changed.notify_all()

    def _drop_oldest(self) -> None:
        while self._bytes > MAX_LOG_BYTES:
            line = self._lines.popleft()[1]
            self._bytes -= len(line.text) + 1
            self._dropped += 1
            self._last_dropped = line.number

    def _begin_writing(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._write, name="inception-output", daemon=True
            )
            self._thread.start()

    def _write(self) -> None:
        while True:
            held, lines = self._take()
            try:
                self._append(held, lines)
                self._done()
            except InceptionError:
                self._put_back(held, lines)
            except Exception:  # output is a courtesy: no trouble with it may end its thread
                about = {"action": "output_not_kept"}
                logging.getLogger(__name__).exception("Output was not kept", extra=about)
                self._done()

    def _take(self) -> tuple[Held, list[LogLine]]:
        """Wait for lines, then for company, and take those at the front that belong together."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._lines))
            ending = self._held is None
            self._changed.wait_for(self._batch_is_full, 0 if ending else FLUSH_AFTER)
            self._writing = True
            held, lines = self._lines[0][0], self._note_of_dropped()
            size = 0
            while self._lines and self._lines[0][0] == held and size < BATCH_BYTES:
                line = self._lines.popleft()[1]
                size += len(line.text) + 1
                lines.append(line)
            self._bytes -= size
            return held, lines

    def _batch_is_full(self) -> bool:
        return self._bytes >= BATCH_BYTES or self._held is None

    def _note_of_dropped(self) -> list[LogLine]:
        if not self._dropped:
            return []
        text = f"{self._dropped} lines were dropped: they came faster than they could be kept."
        self._dropped = 0
        return [LogLine(text=text, stream="log", level="WARNING", number=self._last_dropped)]

    def _done(self) -> None:
        with self._changed:
            self._writing = False
            self._changed.notify_all()

    def _put_back(self, held: Held, lines: list[LogLine]) -> None:
        with self._changed:
            for line in reversed(lines):
                self._lines.appendleft((held, line))
                self._bytes += len(line.text) + 1
            self._drop_oldest()
            self._writing = False
            self._changed.wait_for(lambda: False, _PAUSE_AWAY)


class Tee:
    """A text stream that passes everything on and keeps whole lines on the way."""

    def __init__(
        self, stream: TextIO, name: LogSource, keep: Callable[[str, LogSource], None]
    ) -> None:
        self._stream = stream
        self._name = name
        self._keep = keep
        self._line = ""

    def write(self, text: str) -> int:
        """Pass `text` on and keep the lines it ends; a carriage return ends one too."""
        self._stream.write(redact(text))
        *lines, self._line = (self._line + text).replace("\r", "\n").split("\n")
        for line in lines:
            if line:
                self._keep(line, self._name)
        if len(self._line) >= MAX_LINE:
            self.end_line()
        return len(text)

    def writelines(self, lines: Sequence[str]) -> None:
        """Write each of `lines`, as given."""
        for line in lines:
            self.write(line)

    def end_line(self) -> None:
        """Keep what was written since the last line's end."""
        line, self._line = self._line, ""
        if line:
            self._keep(line, self._name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Capture(logging.Handler):
    """Keeps log records, save those of printed lines and this package's own."""

    def __init__(self, keep: Callable[[str, LogSource, str | None], None]) -> None:
        super().__init__()
        self._keep = keep
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep `record` as one text with its level."""
        if record.name == _REDIRECTED or record.name.startswith("inception."):
            return
        try:
            self._keep(self.format(record), "log", record.levelname)
        except Exception:  # noqa: BLE001 -- as logging itself: a wrong format string must not fail the child
            self.handleError(record)


def _attach(handler: logging.Handler) -> None:
    logging.getLogger().addHandler(handler)
    apart = logging.getLogger(_SEPARATE_LOGGER)
    if not apart.propagate:
        apart.addHandler(handler)


def _detach(handler: logging.Handler) -> None:
    logging.getLogger().removeHandler(handler)
    logging.getLogger(_SEPARATE_LOGGER).removeHandler(handler)
