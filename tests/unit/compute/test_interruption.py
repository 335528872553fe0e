from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from inception.compute.interruption import Interruption, Stopped
from inception.compute.slots import Held, Order

HELD = Held(run_id="run", path="0", attempt=1)
NEXT = Held(run_id="run", path="1", attempt=1)


class Left(BaseException):
    """What the handler of a process that is told to leave raises here."""


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Give the process handlers as billiard's, and its own back."""
    kept = {signum: signal.getsignal(signum) for signum in (signal.SIGTERM, signal.SIGUSR1)}

    def leave(_signum: int, _frame: object) -> None:
        raise Left

    def soft(_signum: int, _frame: object) -> None:
        raise TimeoutError("soft time limit")

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGUSR1, soft)
    yield
    for signum, handler in kept.items():
        signal.signal(signum, handler)


class Orders:
    def __init__(self) -> None:
        self.last: Order | None = None

    def give(self, held: Held, serial: int = 1) -> None:
        self.last = Order(serial=serial, held=held)

    def read(self) -> Order | None:
        return self.last


def test_an_order_for_the_present_child_is_raised_in_its_body() -> None:
    orders = Orders()
    interruption = Interruption(orders.read)
    with pytest.raises(Stopped), interruption.body(HELD):
        orders.give(HELD)
        os.kill(os.getpid(), signal.SIGTERM)
    assert interruption.stop_since(0) is not None


def test_the_body_sees_a_system_exit_and_its_finally_runs() -> None:
    orders, cleaned = Orders(), []
    with pytest.raises(SystemExit), Interruption(orders.read).body(HELD):
        try:
            orders.give(HELD)
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            cleaned.append(True)
    assert cleaned


def test_a_late_order_does_not_hit_the_next_child() -> None:
    orders = Orders()
    interruption = Interruption(orders.read)
    with interruption.body(NEXT):
        orders.give(HELD)
        os.kill(os.getpid(), signal.SIGTERM)
    assert interruption.stop_since(0) is None


def test_an_order_that_came_before_the_body_is_raised_at_its_beginning() -> None:
    orders = Orders()
    interruption = Interruption(orders.read)
    orders.give(HELD)
    with pytest.raises(Stopped), interruption.body(HELD):
        pytest.fail("the body must not run")


def test_an_order_for_an_earlier_delivery_is_not_raised_in_a_later_one() -> None:
    """Its claim was refused then; the step was started anew under the same name."""
    orders = Orders()
    interruption = Interruption(orders.read)
    orders.give(HELD)
    with interruption.body(replace(HELD, began=1.0)):
        os.kill(os.getpid(), signal.SIGTERM)
    assert interruption.stop_since(0) is None


def test_an_order_whose_signal_came_before_the_body_is_raised_at_its_beginning() -> None:
    orders = Orders()
    interruption = Interruption(orders.read)
    with interruption.body(NEXT):
        pass
    orders.give(HELD)
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(Stopped), interruption.body(HELD):
        pytest.fail("the body must not run")


def test_a_signal_that_comes_after_its_order_was_raised_is_not_for_the_process() -> None:
    orders = Orders()
    interruption = Interruption(orders.read)
    with interruption.body(NEXT):
        pass
    orders.give(HELD)
    with pytest.raises(Stopped), interruption.body(HELD):
        pytest.fail("the body must not run")
    os.kill(os.getpid(), signal.SIGTERM)


def test_an_order_for_the_process_before_means_nothing_to_the_next_one() -> None:
    orders = Orders()
    orders.give(NEXT)
    with pytest.raises(Left), Interruption(orders.read).body(HELD):
        os.kill(os.getpid(), signal.SIGTERM)


def test_an_order_is_raised_once() -> None:
    orders = Orders()
    interruption = Interruption(orders.read)
    with pytest.raises(Stopped), interruption.body(HELD):
        orders.give(HELD)
        os.kill(os.getpid(), signal.SIGTERM)
    with interruption.body(NEXT):
        pass


def test_a_signal_that_nobody_ordered_is_for_the_process() -> None:
    with pytest.raises(Left), Interruption(Orders().read).body(HELD):
        os.kill(os.getpid(), signal.SIGTERM)


def test_a_second_signal_after_a_served_order_is_for_the_process() -> None:
    orders = Orders()
    interruption = Interruption(orders.read)
    with pytest.raises(Stopped), interruption.body(HELD):
        orders.give(HELD)
        os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(Left), interruption.body(NEXT):
        os.kill(os.getpid(), signal.SIGTERM)


def test_an_order_outside_of_a_body_raises_nothing() -> None:
    orders = Orders()
    interruption = Interruption(orders.read)
    with interruption.body(HELD):
        pass
    orders.give(HELD)
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_soft_time_limit_is_raised_in_the_body_alone() -> None:
    interruption = Interruption(Orders().read)
    with pytest.raises(TimeoutError), interruption.body(HELD):
        os.kill(os.getpid(), signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGUSR1)


def test_a_handler_that_a_body_installed_is_replaced_for_the_next_child() -> None:
    orders = Orders()
    interruption = Interruption(orders.read)
    with interruption.body(HELD):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with pytest.raises(Stopped), interruption.body(NEXT):
        orders.give(NEXT)
        os.kill(os.getpid(), signal.SIGTERM)
