"""What the store publishes, read back from its text. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from inception.runs.model import Batch, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One message of a run's channel: a batch, or that the run is gone."""

    batch: Batch | None
    gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One message of the list's channel: a run's newest record, or the id of one that is gone."""

    run: Run | None
    gone: str | None


def read_published(text: str) -> Published:
    """Read a message of `events:<id>`."""
    message = json.loads(text)
    if "gone" in message:
        return Published(batch=None, gone=True)
    return Published(batch=message, gone=False)


def read_listed(text: str) -> Listed:
    """Read a message of `list`."""
    message = json.loads(text)
    if "gone" in message:
        return Listed(run=None, gone=message["gone"])
    return Listed(run=message, gone=None)
