"""The same client for asyncio: `pip install "inception-client[asyncio]"`.

    from inception_client.aio import connect

    async with connect("http://127.0.0.1:8000") as client:
        run = await client.start("tasks.examples.counting.count_twice", limit=3)
        async for event in run:
            print(event.path, event.state, event.meta["message"])
        print(run.value)

It needs aiohttp besides.
"""

from __future__ import annotations

from inception_client.aio.client import AsyncClient, connect
from inception_client.aio.run import AsyncRun

__all__ = ["AsyncClient", "AsyncRun", "connect"]
