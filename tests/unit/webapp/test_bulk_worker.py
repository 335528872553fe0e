"""The thread that works bulk actions off goes on, whatever Redis answers."""

from __future__ import annotations

import threading
from typing import Any, cast

from flask import Flask
from redis import ResponseError

from webapp.bulk import BulkWorker

WITHIN = 5.0
"""Seconds (s)."""


class Store:
    """Answers with an error of its own the first time it is asked."""

    def __init__(self) -> None:
        self.refused, self.asked_again = threading.Event(), threading.Event()

    def bulks_under_way(self) -> list[str]:
        if not self.refused.is_set():
            self.refused.set()
            raise ResponseError("ERR whatever a proxy or an ACL says")
        self.asked_again.set()
        return []


def test_an_answer_that_nobody_expected_does_not_end_it() -> None:
    store = Store()
    worker = BulkWorker(Flask(__name__), cast("Any", store), lambda _action, _run: None)
    worker.wake()
    assert store.refused.wait(WITHIN)
    worker.wake()
    try:
        assert store.asked_again.wait(WITHIN)
    finally:
        worker.stop()
