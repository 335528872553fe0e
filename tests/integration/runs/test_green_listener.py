"""The listener where a process is patched by eventlet, in processes of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

LEAVES_NO_TIMER = """
import warnings; warnings.simplefilter("ignore")
import eventlet; eventlet.monkey_patch()
import sys
from queue import Queue
import redis
from inception.runs.listener import Listener

heard = Queue()
listener = Listener(sys.argv[1], name="green", on_gap=lambda: None)
listener.start()
listener.subscribe("channel", heard.put)
client = redis.Redis.from_url(sys.argv[1])  # without a time-out
hub = eventlet.hubs.get_hub()
def expected():
    return sum(not timer.called for _when, timer in [*hub.timers, *hub.next_timers])
for n in range(100):
    client.publish("channel", str(n))
    heard.get()
    eventlet.sleep(0)
    eventlet.sleep(0)  # by now it waits for the next
print(len(hub.timers) + len(hub.next_timers) - expected())
"""


def test_what_is_heard_leaves_no_timer_behind_that_would_wake_the_process(redis_url: str) -> None:
    command = [sys.executable, "-c", LEAVES_NO_TIMER, redis_url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=40, check=False)
    assert done.stdout, done.stderr
    assert int(done.stdout) < 20


UNDER_EVENTLET = """
import warnings; warnings.simplefilter("ignore")
import eventlet; eventlet.monkey_patch()
import sys, threading
from queue import Queue
from inception.runs.connection import connect
from inception.runs.listener import Listener

gaps, heard = Queue(), Queue()
listener = Listener(sys.argv[1], name="green", on_gap=lambda: gaps.put(1), ping_every=0.4)
listener.start()
threads = [
    threading.Thread(target=listener.subscribe, args=(f"c{n}", heard.put)) for n in range(300)
]
[thread.start() for thread in threads]
[thread.join(10) for thread in threads]
client = connect(sys.argv[1], purpose="test")
client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
gaps.get(timeout=10)
[client.publish(f"c{n}", str(n)) for n in range(300)]
assert {heard.get(timeout=10) for _ in range(300)} == {str(n) for n in range(300)}
listener.stop()
assert not [t for t in threading.enumerate() if t.name.startswith("listener")]
print("heard all")
"""


def test_it_hears_the_same_under_green_threads(redis_url: str) -> None:
    command = [sys.executable, "-c", UNDER_EVENTLET, redis_url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=40, check=False)
    assert done.stdout.strip() == "heard all", done.stderr


GREEN = """
import warnings; warnings.simplefilter("ignore")
import eventlet; eventlet.monkey_patch()
import sys, threading
from queue import Queue
from inception.runs.connection import connect
from inception.runs.listener import Listener

hub = eventlet.hubs.get_hub()
client = connect(sys.argv[1], purpose="test")
def begin(handler, **options):
    listener = Listener(sys.argv[1], name="green", on_gap=lambda: None, **options)
    listener.start()
    listener.subscribe("channel", handler)
    return listener
def count(owner, name):
    calls, function = [], getattr(owner, name)
    def counted(*given):
        calls.append(given)
        return function(*given)
    setattr(owner, name, counted)
    return calls
"""

WATCHED = """
heard = Queue()
listener = begin(heard.put)
descriptor = listener._wire._socket.fileno()
added, removed = count(hub, "add"), count(hub, "remove")
for n in range(20):
    client.publish("channel", str(n))
    assert heard.get(timeout=10) == str(n)
assert not [each for each in added if each[1] == descriptor]
assert not [each for each in removed if each[0].fileno == descriptor]
listener.stop()
assert descriptor not in hub.listeners[hub.READ]
print("well")
"""

BUSY = """
heard, begun, may_go_on = Queue(), Queue(), threading.Semaphore(0)
def linger(text):
    begun.put(text)
    if text == "first":
        may_go_on.acquire()
    heard.put(text)
listener = begin(linger)
descriptor = listener._wire._socket.fileno()
client.publish("channel", "first")
assert begun.get(timeout=10) == "first"
assert descriptor in hub.listeners[hub.READ]
client.publish("channel", "second")  # else the hub would turn as long as this can't be received
for turn in range(1000):
    if descriptor not in hub.listeners[hub.READ]:
        break
    eventlet.sleep(0)
assert descriptor not in hub.listeners[hub.READ]
may_go_on.release()
assert [heard.get(timeout=10) for _ in range(2)] == ["first", "second"]
client.publish("channel", "third")
assert heard.get(timeout=10) == "third"
print("well")
"""

FIRST = """
order, woken, done = [], threading.Semaphore(0), Queue()
def wait():
    for _ in range(3):
        woken.acquire()
        order.append("woken")
    done.put(1)
threading.Thread(target=wait, daemon=True).start()
def hear(text):
    order.append(text)
    woken.release()
listener = begin(hear)
real = listener._wire._arrivals._connection
class OneAtATime:
    fileno = real.fileno
    def recv(self, _size):
        return real.recv(len(b"*3\\r\\n$7\\r\\nmessage\\r\\n$7\\r\\nchannel\\r\\n$1\\r\\n0\\r\\n"))
listener._wire._arrivals._connection = OneAtATime()
with client.pipeline(transaction=False) as pipe:
    for n in range(3):
        pipe.publish("channel", str(n))
    pipe.execute()
done.get(timeout=10)
assert order == ["0", "woken", "1", "woken", "2", "woken"], order
print("well")
"""


@pytest.mark.parametrize("happens", [WATCHED, BUSY, FIRST], ids=["watched", "busy", "first"])
def test_a_green_thread_waits_by_one_watch_that_is_put_away_while_it_is_busy(
    redis_url: str, happens: str
) -> None:
    command = [sys.executable, "-c", GREEN + happens, redis_url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=40, check=False)
    assert done.stdout.strip() == "well", done.stderr
