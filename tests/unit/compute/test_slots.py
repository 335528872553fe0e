from __future__ import annotations

import os
import signal
from dataclasses import replace

import pytest

from inception.compute import slots as slots_module
from inception.compute.slots import Held, Order, Slots
from inception.runs.model import State

HELD = Held(run_id="run", path="0.2", attempt=1)
OTHER = Held(run_id="run", path="0.3", attempt=1)


def test_what_a_pool_process_begins_is_seen_with_its_pid() -> None:
    slots = Slots()
    slots.begin(3, HELD)
    assert slots.working() == {3: (os.getpid(), HELD)}


def test_an_ended_claim_is_not_held_by_anybody() -> None:
    slots = Slots()
    slots.begin(0, HELD)
    slots.end(0)
    assert slots.working() == {}
    with slots.holding(Order(serial=1, held=HELD)) as found:
        assert found is None


def test_an_order_is_not_for_a_later_delivery_of_the_same_attempt() -> None:
    slots, order = Slots(), Order(serial=1, held=HELD, given=5.0)
    slots.begin(0, replace(HELD, began=6.0))
    with slots.holding(order) as found:
        assert found is None
    slots.begin(1, replace(HELD, began=4.0))
    with slots.holding(order) as found:
        assert found == (1, os.getpid())


def test_an_order_names_the_claim_it_is_for() -> None:
    slots = Slots()
    slots.begin(1, HELD)
    order = Order(serial=7, held=HELD, state=State.FAILURE, error='timeout: "1 s"', given=1.5)
    with slots.holding(order) as found:
        assert found == (1, os.getpid())
        slots.give_order(1, order)
    slots.begin(1, OTHER)
    assert slots.order(1) == order


def test_the_longest_path_and_the_worst_error_fit_a_slot() -> None:
    deepest = Held(run_id="r" * 64, path=".".join(["99999"] * 200), attempt=999)
    slots = Slots()
    slots.begin(0, deepest)
    slots.give_order(0, Order(serial=2**53, held=deepest, error="\x00" * 10_000))
    assert slots.working()[0][1] == deepest
    order = slots.order(0)
    assert order is not None
    assert order.held == deepest


def test_a_slot_is_forgotten_only_for_the_process_that_died() -> None:
    slots = Slots()
    slots.begin(0, HELD)
    assert slots.clear(os.getpid() + 1) is None
    assert slots.working() != {}
    assert slots.clear(os.getpid()) == HELD
    assert slots.working() == {}
    assert slots.clear(os.getpid()) is None


def test_a_slot_whose_process_died_while_writing_it_holds_nothing() -> None:
    slots = Slots()
    slots.begin(0, HELD)
    slots._put(8, b'["run", "0.')
    assert slots.working() == {}
    assert slots.clear(os.getpid()) is None


def test_a_process_killed_while_it_changes_its_slot_leaves_no_lock() -> None:
    slots = Slots()
    ready_end, child_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        with slots._locked(5):
            slots.begin(5, HELD)  # the kernel's locks may be taken again by their holder
            os.write(child_end, b"x")
            signal.pause()
    os.read(ready_end, 1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert slots.working() == {5: (pid, HELD)}


def test_one_process_that_stands_still_in_its_slot_hides_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker that could not say what it works on would count as dead, with all its children."""
    monkeypatch.setattr(slots_module, "_LOCK_WAIT", 0.05)
    slots = Slots()
    slots.begin(0, OTHER)
    frozen = stand_still_in(slots, 5, HELD)
    try:
        assert slots.working() == {0: (os.getpid(), OTHER), 5: (frozen, HELD)}
    finally:
        os.kill(frozen, signal.SIGKILL)
        os.waitpid(frozen, 0)


def stand_still_in(slots: Slots, index: int, held: Held) -> int:
    """Fork a process that stands still while it changes its slot; its pid."""
    ready_end, child_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        with slots._locked(index):
            slots._put(index * slots_module._SLOT_BYTES + 8, slots_module._pack_held(held))
            slots_module._PID.pack_into(
                slots._memory, index * slots_module._SLOT_BYTES, os.getpid()
            )
            os.write(child_end, b"x")
            while True:
                signal.pause()
    os.read(ready_end, 1)
    return pid


def test_an_index_beyond_the_memory_is_refused() -> None:
    with pytest.raises(Exception, match=r".*"):
        Slots().begin(100_000, HELD)
