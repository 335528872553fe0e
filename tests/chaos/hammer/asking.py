"""Asks the web for things until it has answered, though it may be dead, frozen or cut off."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import requests

TIMEOUT: Final = 5.0
PAUSE: Final = 0.3
WITHIN: Final = 120.0
"""Seconds (s): for one try, between two tries, and for all tries together."""

NO_ANSWER: Final = frozenset({408, 429, 502, 503, 504})


class NeverAnswered(Exception):
    """No web process has answered within two minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, `at` (s since the epoch), to what was first `sent` then.

    With `again` an earlier try had no answer, and may have been carried out all the same.
    """

    status: int
    body: dict[str, Any]
    at: float
    again: bool = False
    sent: float = 0.0

    @property
    def code(self) -> str | None:
        """The error's word, None if it is none."""
        code: str | None = self.body.get("error", {}).get("code")
        return code

    def accepts(self, done: frozenset[str]) -> bool:
        """True for 202, and for an error in `done`, which tells that an earlier try did it."""
        return self.status == 202 or (self.again and self.code in done)


class Asker:
    """Sends requests to any of the web processes, again and again until one answers."""

    def __init__(self, urls: list[str]) -> None:
        self._urls = urls
        self._pause = threading.Event()

    def post(self, path: str, body: dict[str, Any], key: str | None = None) -> Answer:
        """POST; with a `key` the same request made twice counts once. Raises NeverAnswered."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self._insist("POST", path, json=body, headers=headers)

    def get(self, path: str, **query: Any) -> Answer:
        """GET. Raises NeverAnswered."""
        return self._insist("GET", path, params=query)

    def _insist(self, method: str, path: str, **options: Any) -> Answer:
        deadline, sent = time.monotonic() + WITHIN, time.time()
        for number, url in enumerate(self._rounds()):
            answer = _try(method, f"{url}/api/v1{path}", **options)
            if answer is not None:
                return replace(answer, again=number > 0, sent=sent)
            if time.monotonic() > deadline:
                raise NeverAnswered(f"{method} {path} was not answered within {WITHIN:g} s")
            self._pause.wait(PAUSE)
        raise AssertionError("unreachable: the rounds have no end")

    def _rounds(self) -> Iterator[str]:
        first = random.randrange(len(self._urls))
        return itertools.cycle(self._urls[first:] + self._urls[:first])


def _try(method: str, url: str, **options: Any) -> Answer | None:
    try:
        response = requests.request(method, url, timeout=TIMEOUT, **options)
        body = response.json() if response.content else {}
    except (requests.RequestException, ValueError):
        return None
    if response.status_code in NO_ANSWER:
        return None
    return Answer(status=response.status_code, body=body, at=time.time())
