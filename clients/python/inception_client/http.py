"""Makes the calls of the REST interface with requests, and makes them again where that helps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests

from inception_client.calls import (
    CALL_WITHIN,
    Call,
    Tries,
    address_of,
    headers_of,
    read_answer,
)
from inception_client.errors import ClientError, no_answer


class Caller:
    """Calls one server. A session of requests serves one thread at a time, so does this."""

    def __init__(
        self,
        url: str,
        token: str | None,
        session: requests.Session,
        patience: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url
        self._token = token
        self._session = session
        self._patience = patience
        self._sleep = sleep

    def call(self, call: Call) -> Any:
        """The server's answer. Raises Refused, WrongServer, Unreachable when patience has ended."""
        tries = Tries(call, self._patience, time.monotonic())
        while True:
            try:
                return self._call_once(call)
            except ClientError as problem:
                self._sleep(tries.pause_after(problem, time.monotonic()))

    def _call_once(self, call: Call) -> Any:
        try:
            response = self._session.request(
                call.method,
                address_of(self._url, call),
                params=list(call.query),
                json=call.body,
                headers=headers_of(call, self._token),
                timeout=CALL_WITHIN,
            )
        except requests.RequestException as error:
            raise no_answer(self._url, error) from error
        return read_answer(self._url, response.status_code, response.text)
