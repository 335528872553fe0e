"""A wake-up wakes its waiter once for however many rings, also for one that came before."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

from inception.runs.wakeup import Wakeup

BOUND = 5.0


def test_a_ring_wakes_who_waits() -> None:
    wakeup, woke = Wakeup(), threading.Event()

    def wait() -> None:
        wakeup.wait()
        woke.set()

    threading.Thread(target=wait, daemon=True).start()
    assert not woke.wait(0.05)
    wakeup.ring()
    assert woke.wait(BOUND)


def test_a_ring_before_the_wait_is_not_lost_and_two_are_one() -> None:
    wakeup = Wakeup()
    wakeup.ring()
    wakeup.ring()

    began = time.monotonic()
    wakeup.wait(BOUND)
    assert time.monotonic() - began < BOUND

    began = time.monotonic()
    wakeup.wait(0.05)
    assert time.monotonic() - began >= 0.05


def test_a_time_that_is_over_is_not_waited_for() -> None:
    Wakeup().wait(-1.0)


def test_rings_from_many_threads_at_once_raise_nothing() -> None:
    wakeup, faults = Wakeup(), []

    def ring() -> None:
        try:
            for _ in range(2000):
                wakeup.ring()
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=ring) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(2000):
        wakeup.wait(BOUND)
        if not any(thread.is_alive() for thread in threads):
            break
    for thread in threads:
        thread.join(BOUND)
    assert faults == []


UNDER_EVENTLET = """
import warnings; warnings.simplefilter("ignore")
import eventlet; eventlet.monkey_patch()
from inception.runs.wakeup import Wakeup

wakeup, woken = Wakeup(), []

def wait():
    for _ in range(3):
        wakeup.wait(10)
        woken.append(True)

waiter = eventlet.spawn(wait)
wakeup.ring(); wakeup.ring()
eventlet.sleep(0)
wakeup.ring()
eventlet.sleep(0); eventlet.sleep(0)
assert len(woken) == 2, woken
wakeup.ring()
waiter.wait()
wakeup.wait(0.01)
print("woken")
"""


def test_it_wakes_green_threads_too() -> None:
    command = [sys.executable, "-c", UNDER_EVENTLET]
    done = subprocess.run(command, capture_output=True, text=True, timeout=40, check=False)
    assert done.stdout.strip() == "woken", done.stderr
