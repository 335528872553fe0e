"""What attempts print and log: one capped stream each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final, cast

from inception.runs import keys, recordtext
from inception.runs.meta import cut
from inception.runs.model import MAX_LOG_BYTES
from inception.runs.records import Log, LogLine
from inception.runs.scripts import Scripts, refusals_as_errors

MAX_LINE_BYTES: Final = 16 * 1024
"""A longer line is cut, and marked."""


class Logs(Scripts):
    """Appends to the log of an attempt and reads it."""

    def append_log(
        self, run_id: str, path: str, attempt: int, lines: Sequence[LogLine], writer: str = ""
    ) -> None:
        """Append lines; the oldest are dropped beyond 256 KiB.

        When this fails it may have been done all the same. A `writer` that gives its lines numbers
        above 0, in their order, may say them again with others: each is kept once. A run that is
        gone is left alone.
        """
        if not lines:
            return
        names = [keys.run(run_id), keys.log(run_id, path, attempt), keys.logs(run_id)]
        words: list[str | int] = [keys.log_name(path, attempt), MAX_LOG_BYTES, writer]
        for line in lines:
            words += (line.number, "" if line.at_ms is None else line.at_ms, _rest_of(line))
        self._run("append_log", names, words)

    def read_log(self, run_id: str, path: str, attempt: int, after: str | None) -> Log:
        """The kept lines of an attempt after `after` (a former `next`), or all."""
        start = f"({after}" if after else "-"
        with refusals_as_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.xrange(keys.log(run_id, path, attempt), min=start)
            pipe.hget(keys.logs(run_id), keys.log_name(path, attempt))
            entries, kept = pipe.execute()
        return Log(
            lines=_lines(fields["l"] for _id, fields in entries),
            next=entries[-1][0] if entries else after,
            dropped=int(cast("str", kept).partition(" ")[2]) if kept else 0,
        )


def _rest_of(line: LogLine) -> str:
    rest = {"stream": line.stream, "level": line.level, "text": cut(line.text, MAX_LINE_BYTES)}
    return recordtext.raw(rest)[1:]


def _lines(texts: Iterable[str]) -> list[LogLine]:
    said = (json.loads(text) for text in texts)
    return [
        LogLine(text=line["text"], stream=line["stream"], level=line["level"], at_ms=line["at"])
        for line in said
    ]
