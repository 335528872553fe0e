"""What the store publishes, read back from its text. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import cast

from inception.runs.model import Batch, Run


class AsHeard(dict[str, object]):
    """A batch together with the text it was read from, so that nobody has to write it anew."""

    def __init__(self, batch: dict[str, object], text: str) -> None:
        super().__init__(batch)
        self.text = text


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
    if text.isascii():  # what isn't may hold halves of characters, which can't be sent as they are
        message = AsHeard(message, text)
    return Published(batch=cast(Batch, message), gone=False)


def read_listed(text: str) -> Listed:
    """Read a message of `list`."""
    message = json.loads(text)
    if "gone" in message:
        return Listed(run=None, gone=message["gone"])
    return Listed(run=message, gone=None)
