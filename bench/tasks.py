"""The tasks that are measured."""

from __future__ import annotations

import os
import time

import redis

from bench.stamps import Sayer
from inception import child, parent, report, watch, watch_all

UNCONSUMED: str = "bench-nobody"
"""A queue that no worker consumes: who waits for a child in it waits for as long as one likes."""


@child
def nothing() -> int:
    """End at once."""
    return 1


@parent
def in_sequence(count: int) -> int:
    """Watch children one after the other."""
    return sum(watch(nothing.s()).value for _ in range(count))


@parent
def timed_steps(count: int) -> list[float]:
    """Watch children one after the other; milliseconds (ms) that each took."""
    took = []
    for _ in range(count):
        begun = time.perf_counter()
        watch(nothing.s())
        took.append((time.perf_counter() - begun) * 1000)
    return took


@parent
def one_child() -> int:
    """Watch one child."""
    value: int = watch(nothing.s()).value
    return value


@child
def stamps(key: str, seconds: float, rate: float = 10.0) -> None:
    """Report stamps, `rate` times a second for `seconds` (s), and a raw message between two.

    What was said is kept under `key`, and under `<key>:raw`, which is also the raw channel.
    """
    reported, published = Sayer(key), Sayer(f"{key}:raw")
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        for number in range(int(seconds * rate)):
            report(number + 1, message=reported.stamp())
            time.sleep(0.5 / rate)
            client.publish(published.key, published.stamp())
            time.sleep(0.5 / rate)
    reported.keep()
    published.keep()


@parent
def stamping(key: str, seconds: float, rate: float = 10.0) -> None:
    """Watch a child that reports stamps."""
    watch(stamps.s(key, seconds, rate))


@parent
def waiting() -> None:
    """Wait for a child that nobody runs."""
    watch(nothing.s().set(queue=UNCONSUMED))


@parent
def wide(children: int) -> None:
    """Wait for as many children that nobody runs."""
    watch_all(nothing.s().set(queue=UNCONSUMED) for _ in range(children))


@child
def spin() -> None:
    """Compute for ever."""
    while True:
        pass


@parent
def spinning_branch(leaves: int) -> None:
    """Watch as many children that compute for ever."""
    watch(*(spin.s() for _ in range(leaves)))


@parent
def spinning_tree(branches: int, leaves: int) -> None:
    """Watch nested parents, each with as many children that compute for ever."""
    watch(*(spinning_branch.s(leaves) for _ in range(branches)))
