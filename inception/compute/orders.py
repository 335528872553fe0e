"""Stops children that were ordered to stop: SIGTERM, and SIGKILL after a grace."""

from __future__ import annotations

import heapq
import json
import logging
import os
import queue
import signal
import threading
import time
from dataclasses import dataclass
from typing import Any, Final

from inception.compute.slots import Held, Order, SlotBusy, Slots
from inception.runs.model import FINAL_STATES, State

logger = logging.getLogger(__name__)

GRACE: Final = 5.0
"""Seconds (s) from SIGTERM to SIGKILL, unless the order says otherwise."""
LONGEST_GRACE: Final = 60.0
MAX_ORDERS: Final = 10_000
"""Orders that wait for this worker; beyond, beats repeat them."""
_REMEMBERED: Final = 60.0
"""Seconds (s) that an order is remembered after its SIGKILL, for whoever explains the death."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopMessage:
    """What arrives on the channel: stop `held`, whose process has `grace` seconds (s)."""

    held: Held
    grace: float = GRACE
    state: State = State.REVOKED
    error: str | None = None


class StopOrders:
    """A thread that carries orders out, one at a time, against the slots of this worker."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._messages: queue.Queue[StopMessage | None] = queue.Queue(MAX_ORDERS)
        self._given: dict[Held, Order] = {}
        self._kills: list[tuple[float, int, Order]] = []
        self._forgets: list[tuple[float, int, Order]] = []
        self._serial = 0
        self._thread = threading.Thread(target=self._run, name="inception-orders", daemon=True)

    def start(self) -> None:
        """Begin to carry orders out."""
        self._thread.start()

    def close(self) -> None:
        """Carry nothing out any more."""
        try:
            self._messages.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(1.0)

    def hear(self, text: str) -> None:
        """Take a message of the worker's orders channel; what is not understood is logged."""
        try:
            message = read_message(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            logger.error("An order was not understood: %r", error, extra={"action": "bad_order"})
            return
        if message is not None:
            self.stop(message)

    def stop(self, message: StopMessage) -> None:
        """Stop what `message` names, if this worker works on it. Never waits."""
        try:
            self._messages.put_nowait(message)
        except queue.Full:
            logger.error("Too many orders at once", extra={"action": "order_dropped"})

    def given_for(self, held: Held) -> Order | None:
        """The order that this delivery of `held` was signalled for, if it was."""
        order = self._given.get(held)
        return order if order is not None and order.is_for(held) else None

    def _run(self) -> None:
        while True:
            try:
                message = self._messages.get(timeout=self._next_deadline())
            except queue.Empty:
                self._on_time()
                continue
            if message is None:
                return
            self._carry_out(message)
            self._on_time()

    def _next_deadline(self) -> float | None:
        moments = [heap[0][0] for heap in (self._kills, self._forgets) if heap]
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _on_time(self) -> None:
        now = time.monotonic()
        while self._kills and self._kills[0][0] <= now:
            self._kill(heapq.heappop(self._kills)[2])
        while self._forgets and self._forgets[0][0] <= now:
            order = heapq.heappop(self._forgets)[2]
            if self._given.get(order.held) is order:
                del self._given[order.held]

    def _carry_out(self, message: StopMessage) -> None:
        order = Order(
            serial=self._serial + 1,
            held=message.held,
            state=message.state,
            error=message.error,
            given=time.monotonic(),
        )
        if self._is_repeated(order):
            return  # it starts no second grace
        self._serial += 1
        if self._signal(order, signal.SIGTERM):
            kill_at = time.monotonic() + message.grace
            heapq.heappush(self._kills, (kill_at, order.serial, order))
            heapq.heappush(self._forgets, (kill_at + _REMEMBERED, order.serial, order))

    def _is_repeated(self, order: Order) -> bool:
        """True if what works on it now was ordered to stop before."""
        earlier = self._given.get(order.held)
        if earlier is None:
            return False
        working = [held for _pid, held in self._slots.working().values() if held == order.held]
        return all(earlier.is_for(held) for held in working)

    def _kill(self, order: Order) -> None:
        if self._given.get(order.held) is order:
            self._signal(order, signal.SIGKILL)

    def _signal(self, order: Order, signum: signal.Signals) -> bool:
        """Signal the process that works on it now; True unless none of this worker does."""
        try:
            with self._slots.holding(order) as found:
                if found is None:
                    return False
                index, pid = found
                self._given[order.held] = order
                if signum == signal.SIGTERM:
                    self._slots.give_order(index, order)
                os.kill(pid, signum)
        except ProcessLookupError:
            return True  # dead already: its end is recorded as what was ordered
        except SlotBusy as busy:
            logger.warning("%s", busy, extra={"action": "slot_busy"})
            return True
        _log_signal(order, signum, pid)
        return True


def read_message(message: dict[str, Any]) -> StopMessage | None:
    """Read a message of the orders channel; None for one that is not ours.

    Raises KeyError, ValueError or TypeError for one that is malformed.
    """
    if message["kind"] != "stop":
        return None
    state = State(message.get("state") or State.REVOKED)
    if state not in FINAL_STATES or state is State.SUCCESS:
        raise ValueError(f"an order can't end a child as {state}")
    return StopMessage(
        held=Held(run_id=message["run"], path=message["path"], attempt=int(message["attempt"])),
        grace=min(LONGEST_GRACE, max(0.0, float(message.get("grace", GRACE)))),
        state=state,
        error=message.get("error"),
    )


def _log_signal(order: Order, signum: signal.Signals, pid: int) -> None:
    logger.info(
        "Sent %s to pool process %d",
        signum.name,
        pid,
        extra={"action": "stop", "run_id": order.held.run_id, "path": order.held.path},
    )
