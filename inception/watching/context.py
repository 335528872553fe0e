"""What the parts of one watcher process share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inception.runs.clock import ServerClock
from inception.watching.consumers import Consumers

if TYPE_CHECKING:
    from inception.runs.settings import Settings
    from inception.runs.store import Store
    from inception.watching.crew import Crew
    from inception.watching.hub import Hub
    from inception.watching.outbox import Outbox
    from inception.watching.results import Results
    from inception.watching.timers import Timers


@dataclass(slots=True, kw_only=True)
class Context:
    """The shared parts; only `consumers` ever changes, replaced as a whole.

    `clock` is what recorded times are held against.
    """

    process: str
    settings: Settings
    store: Store
    crew: Crew
    timers: Timers
    results: Results
    outbox: Outbox
    hub: Hub
    clock: ServerClock = field(default_factory=ServerClock)
    consumers: Consumers = field(default_factory=Consumers)
