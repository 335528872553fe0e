from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from inception.compute import slots as slots_module
from inception.compute.orders import StopOrders, read_message
from inception.compute.slots import Held, Slots
from inception.runs.model import State
from tests.running import eventually
from tests.unit.compute.test_slots import stand_still_in

HELD = Held(run_id="run", path="0", attempt=1)
OTHER = Held(run_id="run", path="1", attempt=1)


@dataclass
class PoolProcess:
    """A process that works on something in a slot, and leaves at a SIGTERM unless stubborn."""

    pid: int

    def wait(self) -> int:
        """Return the number of the signal it died of (0: it left by itself)."""
        status = os.waitpid(self.pid, 0)[1]
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def fork(slots: Slots, held: Held, *, stubborn: bool, index: int = 0) -> PoolProcess:
    heard, say = os.pipe()
    pid = os.fork()
    if pid == 0:
        handler = signal.SIG_IGN if stubborn else signal.SIG_DFL
        signal.signal(signal.SIGTERM, handler)
        slots.begin(index, held)
        os.write(say, b"x")
        while True:
            signal.pause()
    os.read(heard, 1)
    return PoolProcess(pid)


@pytest.fixture
def slots() -> Slots:
    return Slots()


@pytest.fixture
def orders(slots: Slots) -> Iterator[StopOrders]:
    orders = StopOrders(slots)
    orders.start()
    yield orders
    orders.close()


def message(held: Held, grace: float, **more: object) -> str:
    words = {"kind": "stop", "run": held.run_id, "path": held.path, "attempt": held.attempt}
    return json.dumps({**words, "pid": 1, "grace": grace, **more})


def test_the_process_that_works_on_it_gets_sigterm(slots: Slots, orders: StopOrders) -> None:
    process = fork(slots, HELD, stubborn=False)
    orders.hear(message(HELD, grace=30))
    assert process.wait() == signal.SIGTERM
    order = slots.order(0)
    assert order is not None
    assert order.held == HELD


def test_a_process_that_does_not_leave_is_killed_after_the_grace(
    slots: Slots, orders: StopOrders
) -> None:
    process = fork(slots, HELD, stubborn=True)
    orders.hear(message(HELD, grace=0.2))
    assert process.wait() == signal.SIGKILL


def test_a_later_delivery_is_stopped_by_a_later_order_alone(
    slots: Slots, orders: StopOrders
) -> None:
    """Redis had lost the claim of the first one, or the step, and it was started again."""
    first = fork(slots, HELD, stubborn=False)
    orders.hear(message(HELD, grace=0.3))
    assert first.wait() == signal.SIGTERM
    eventually(lambda: bool(orders._kills), 5, "its grace begins")
    second = fork(slots, replace(HELD, began=time.monotonic()), stubborn=True)
    ((_pid, delivery),) = slots.working().values()

    assert orders.given_for(HELD) is not None
    assert orders.given_for(delivery) is None
    eventually(lambda: not orders._kills, 5, "the first order's grace passes")
    orders.hear(message(HELD, grace=30))
    eventually(lambda: orders.given_for(delivery) is not None, 5, "the second order is given")
    os.kill(second.pid, signal.SIGQUIT)
    assert second.wait() == signal.SIGQUIT, "the first order's grace was not the second one's"


def test_an_order_for_something_else_signals_nobody(slots: Slots, orders: StopOrders) -> None:
    process = fork(slots, OTHER, stubborn=False)
    orders.hear(message(HELD, grace=0))
    orders.hear(message(OTHER, grace=0.2, state="FAILURE", error="timeout: 1 s"))
    assert process.wait() == signal.SIGTERM
    assert orders.given_for(HELD) is None
    order = orders.given_for(OTHER)
    assert order is not None
    assert (order.state, order.error) == (State.FAILURE, "timeout: 1 s")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "nonsense", message(HELD, grace=1, state="SUCCESS")]
)
def test_a_malformed_order_does_not_end_the_thread(
    slots: Slots, orders: StopOrders, text: str
) -> None:
    process = fork(slots, HELD, stubborn=False)
    orders.hear(text)
    orders.hear(message(HELD, grace=30))
    assert process.wait() == signal.SIGTERM


@pytest.mark.parametrize("its_slot", [0, 2])
def test_a_process_that_stands_still_in_its_slot_keeps_no_other_from_being_stopped(
    slots: Slots, orders: StopOrders, monkeypatch: pytest.MonkeyPatch, its_slot: int
) -> None:
    monkeypatch.setattr(slots_module, "_LOCK_WAIT", 0.05)
    process = fork(slots, HELD, stubborn=True, index=its_slot)
    frozen = stand_still_in(slots, 1, OTHER)
    try:
        for _ in range(2):  # repeated, as each beat does
            orders.hear(message(HELD, grace=30))
        eventually(orders._messages.empty, 5, "both are carried out")
        orders.close()
        assert orders._messages.empty(), "it was told to end, and heard so"
        assert orders.given_for(HELD) is not None
        assert orders.given_for(OTHER) is None
    finally:
        for pid in (process.pid, frozen):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def test_messages_of_other_kinds_are_passed_over() -> None:
    assert read_message({"kind": "claimed"}) is None


def test_the_grace_is_bounded() -> None:
    words = json.loads(message(HELD, grace=10_000))
    stop = read_message(words)
    assert stop is not None
    assert stop.grace <= 60
