"""What the store publishes, read back from its text. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final, cast

from inception.runs.model import Batch, Run

_HEAD: Final = re.compile(
    r'\{"run_id":"([^"\\]*)","epoch":"([^"\\]*)","from":(\d+),"to":(\d+),'
    r'"events":\[\{"seq":\d+,"at":(\d+),'
)
"""How the store writes a batch of numbered events, of which there is one for each number."""


class AsHeard(dict[str, object]):
    """A batch together with the text it came as, so that nobody has to write it anew.

    Its events are read from the text when somebody asks for them by `["events"]`: mostly it is sent
    on as it is. `at` is when the first of them was stored, in ms of Redis' clock.
    """

    __slots__ = ("at", "text")
    at: int
    text: str

    def __missing__(self, key: str) -> object:
        if key != "events":
            raise KeyError(key)
        self.update(json.loads(self.text))
        return self["events"]


def is_as_heard(batch: Batch) -> bool:
    """True if nobody has to look into a batch to send it on."""
    return isinstance(batch, AsHeard)


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
    batch = as_heard(text)
    if batch is None:
        message = json.loads(text)
        if "gone" in message:
            return Published(batch=None, gone=True)
        batch = message
    return Published(batch=cast(Batch, batch), gone=False)


def read_listed(text: str) -> Listed:
    """Read a message of `list`."""
    message = json.loads(text)
    if "gone" in message:
        return Listed(run=None, gone=message["gone"])
    return Listed(run=message, gone=None)


def as_heard(text: str) -> Batch | None:
    """The batch, an `AsHeard`, whose text may be passed on; None for what has to be read whole.

    What isn't ASCII may hold halves of characters, which can't be sent as they are.
    """
    head = _HEAD.match(text) if text.isascii() else None
    if head is None:
        return None
    run_id, epoch, start, end, at = head.groups()
    batch = AsHeard({"run_id": run_id, "epoch": epoch, "from": int(start), "to": int(end)})
    batch.text, batch.at = text, int(at)
    return cast(Batch, batch)
