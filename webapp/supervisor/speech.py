"""What the supervisor says on stdout: a line of text, or of JSON, for each thing it does."""

from __future__ import annotations

import logging
import sys
from typing import Final

from inception.runs.loglines import formatter
from inception.runs.settings import LogFormat

TEXT: Final = "inception: %(message)s"


class Speech(logging.StreamHandler):  # type: ignore[type-arg]  # it is generic in the stubs alone
    """Writes to stdout, for as long as somebody reads it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Say nothing: with a closed pipe nobody reads us, and the processes go on all the same."""


def speak(log: LogFormat) -> None:
    """Have everything that this process logs said in that format."""
    speech = Speech(sys.stdout)
    speech.setFormatter(formatter(log, TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[speech], force=True)
