"""What our messages carry beside the task: a ticket that says which attempt of what it is.

A message with a ticket has its record already: where the record is missing, the run was deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from inception.runs.model import ROOT

HEADER: Final = "inception"
"""The message header that holds the ticket. Celery hands it to the task in `request.headers`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Which attempt of which node a message starts; `path` is empty for a run itself."""

    run_id: str
    path: str = ROOT
    attempt: int = 1


def ticket_headers(ticket: Ticket) -> dict[str, object]:
    """Headers to send a message with: `apply_async(headers=...)`."""
    said = {"run": ticket.run_id, "path": ticket.path, "attempt": ticket.attempt}
    return {HEADER: {**said, "recorded": True}}


def read_ticket(request: object) -> Ticket | None:
    """The ticket of a Celery request (`task.request`), or None if it has none that is ours."""
    headers = getattr(request, "headers", None)
    return ticket_in(headers) if isinstance(headers, Mapping) else None


def ticket_in(headers: Mapping[str, object]) -> Ticket | None:
    """The ticket among a message's headers, or None if there is none that is ours."""
    said = headers.get(HEADER)
    if not isinstance(said, Mapping):
        return None
    run_id, path, attempt = said.get("run"), said.get("path", ROOT), said.get("attempt", 1)
    if isinstance(run_id, str) and isinstance(path, str) and isinstance(attempt, int):
        return Ticket(run_id=run_id, path=path, attempt=attempt)
    return None
