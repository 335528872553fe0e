"""How a pool process hears that its child must stop, and that nothing else is hit by it.

SIGTERM reaches a pool process for two reasons. Either the main process ordered the present
child to stop: then `Stopped` is raised in its body, whose `finally` blocks run. Or somebody
wants the process itself to leave (Celery's cold shutdown and time limits, an operator, a
container's end): then the handler that was there before has its say, and the main process
records what becomes of the child. The order that the main process leaves in shared memory
before it signals tells the one from the other.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from billiard.common import terminate_handler_fired

from inception.compute.slots import Held, Order

Handler = Callable[[int, FrameType | None], Any]

_SOFT_LIMIT: Final = signal.SIGUSR1
"""The signal by which billiard raises SoftTimeLimitExceeded."""


class Stopped(SystemExit):
    """Raised in the body of a child that was ordered to stop; its `finally` blocks run."""

    def __init__(self, order: Order) -> None:
        super().__init__(f"This child was asked to stop ({order.state}).")
        self.order = order


class Interruption:
    """Turns signals into exceptions, in the body of a child and nowhere else.

    Only while `body` is entered does an order or a soft time limit raise; outside, where a
    claim or an end is being recorded, it is remembered or too late. `read_order` gives the last
    order for this process; None where processes can't be signalled (a threads pool).
    """

    def __init__(self, read_order: Callable[[], Order | None] | None) -> None:
        self._read_order = read_order
        before = read_order() if read_order is not None else None
        # An order that this process finds was for the one that had its slot before.
        self._heard = self._served = before.serial if before is not None else 0
        self._stop: Stopped | None = None
        self._held: Held | None = None
        self._armed = False
        self._previous: dict[int, Handler | int | None] = {}

    @contextmanager
    def body(self, held: Held | None) -> Iterator[None]:
        """Let the body that is run within be interrupted; `held` None: by nobody's order."""
        self._install()
        self._held, self._armed = held, True
        try:
            self._raise_if_ordered()
            yield
        finally:
            self._armed = False

    @property
    def served(self) -> int:
        """The serial of the last order that was raised in a body."""
        return self._served

    def stop_since(self, served: int) -> Stopped | None:
        """What was raised in a body after order number `served`, if anything was."""
        stop = self._stop
        return stop if stop is not None and stop.order.serial > served else None

    @property
    def process_leaves(self) -> bool:
        """True once this process was told to leave, so that its child did not end by itself."""
        fired: bool = terminate_handler_fired()
        return fired

    def _install(self) -> None:
        """Take both signals, again for each child: a body may have set handlers of its own."""
        if self._read_order is None:
            return
        for signum, handler in ((signal.SIGTERM, self._on_term), (_SOFT_LIMIT, self._on_soft)):
            present = signal.getsignal(signum)
            if present != handler:
                self._previous.setdefault(signum, present)
                signal.signal(signum, handler)

    def _on_term(self, signum: int, frame: FrameType | None) -> None:
        """Each order comes with one signal; any other is meant for the process.

        An order for another child than the present one came too late, and one that comes
        outside of a body is looked for when the body begins.
        """
        order = self._ordered()
        if order is None or order.serial == self._heard:
            self._pass_on(signum, frame)
            return
        self._heard = order.serial
        if self._armed and order.is_for(self._held):
            self._serve(order)

    def _raise_if_ordered(self) -> None:
        """Serve an order that came between the claim and the body."""
        order = self._ordered()
        if order is not None and order.serial != self._served and order.is_for(self._held):
            self._serve(order)

    def _ordered(self) -> Order | None:
        return None if self._read_order is None else self._read_order()

    def _serve(self, order: Order) -> None:
        self._served, self._armed = order.serial, False
        self._stop = Stopped(order)
        raise self._stop

    def _on_soft(self, signum: int, frame: FrameType | None) -> None:
        if self._armed:
            self._pass_on(signum, frame)

    def _pass_on(self, signum: int, frame: FrameType | None) -> None:
        previous = self._previous.get(signum)
        if callable(previous):
            previous(signum, frame)
