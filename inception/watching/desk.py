"""What the frames of a watcher process turn to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inception.runs.clock import ServerClock
    from inception.runs.store import Store
    from inception.watching.deadlines import Deadlines
    from inception.watching.live import LiveRun
    from inception.watching.live_node import LiveNode
    from inception.watching.revoking import Revoker
    from inception.watching.steps import Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The parts behind the verbs; `begin` starts the thread of a nested parent."""

    clock: ServerClock
    store: Store
    steps: Steps
    deadlines: Deadlines
    revoker: Revoker
    begin: Callable[[LiveRun, LiveNode], None]
