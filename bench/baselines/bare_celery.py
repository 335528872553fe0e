"""Plain Celery with a Redis broker and result backend, its settings left as they are.

celery -A bench.baselines.bare_celery worker -Q bare
"""

from __future__ import annotations

import os
import time

from celery import Celery, Task
from celery.result import allow_join_result
from celery_progress.backend import ProgressRecorder

from bench.stamps import Sayer

_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

app = Celery("bare", broker=_URL, backend=_URL, set_as_current=False)
app.conf.task_default_queue = "bare"
app.conf.broker_connection_retry_on_startup = True


@app.task(name="bare.nothing")
def nothing() -> int:
    """End at once."""
    return 1


@app.task(name="bare.stamps", bind=True)
def stamps(self: Task, key: str, seconds: float, rate: float) -> None:
    """Say stamps with `update_state`, `rate` times a second for `seconds` (s)."""
    sayer = Sayer(key)
    for number in range(int(seconds * rate)):
        meta = {"iteration": number, "total": None, "message": sayer.stamp()}
        self.update_state(state="PROGRESS", meta=meta)
        time.sleep(1 / rate)
    sayer.keep()


@app.task(name="bare.recorded", bind=True)
def recorded(self: Task, key: str, seconds: float, rate: float) -> None:
    """The same by celery-progress's recorder."""
    sayer, recorder, count = Sayer(key), ProgressRecorder(self), int(seconds * rate)
    for number in range(count):
        recorder.set_progress(number + 1, count, description=sayer.stamp())
        time.sleep(1 / rate)
    sayer.keep()


@app.task(name="bare.polling_parent", bind=True)
def polling_parent(self: Task, key: str, seconds: float, rate: float, interval: float) -> None:
    """Start `stamps` and poll it each `interval` s, handing on what it says as one's own."""
    child = stamps.delay(key, seconds, rate)
    while not child.ready():
        if isinstance(child.info, dict):
            self.update_state(state="PROGRESS", meta=child.info)
        time.sleep(interval)


@app.task(name="bare.getting_parent")
def getting_parent(count: int) -> list[float]:
    """Wait for `count` children one after the other; the seconds (s) that each took."""
    took = []
    with allow_join_result():
        for _ in range(count):
            begun = time.perf_counter()
            nothing.apply_async(queue="bare").get()
            took.append(time.perf_counter() - begun)
    return took


@app.task(name="bare.parked")
def parked(key: str) -> None:
    """Wait for the result of a task that nobody runs."""
    with allow_join_result():
        app.AsyncResult(key).get()


@app.task(name="bare.asleep")
def asleep(seconds: float) -> None:
    """Be a task that waits, and nothing else."""
    time.sleep(seconds)
