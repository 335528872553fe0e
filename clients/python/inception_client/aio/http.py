"""Makes the calls of the REST interface with aiohttp, and makes them again where that helps."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp

from inception_client.calls import (
    CALL_WITHIN,
    Call,
    Tries,
    address_of,
    headers_of,
    read_answer,
)
from inception_client.errors import ClientError, no_answer


class AsyncCaller:
    """Calls one server."""

    def __init__(
        self, url: str, token: str | None, session: aiohttp.ClientSession, patience: float
    ) -> None:
        self._url = url
        self._token = token
        self._session = session
        self._patience = patience

    async def call(self, call: Call) -> Any:
        """The server's answer. Raises Refused, WrongServer, Unreachable when patience has ended."""
        tries = Tries(call, self._patience, time.monotonic())
        while True:
            try:
                return await self._call_once(call)
            except ClientError as problem:
                await asyncio.sleep(tries.pause_after(problem, time.monotonic()))

    async def _call_once(self, call: Call) -> Any:
        request = self._session.request(
            call.method,
            address_of(self._url, call),
            params=list(call.query),
            json=call.body,
            headers=headers_of(call, self._token),
            timeout=aiohttp.ClientTimeout(total=CALL_WITHIN),
        )
        try:
            async with request as response:
                status, text = response.status, await response.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise no_answer(self._url, error) from error
        return read_answer(self._url, status, text)
