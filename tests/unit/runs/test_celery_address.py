"""Addresses as they are written here, and as Celery is told them."""

from __future__ import annotations

from typing import Any

import pytest

from inception.runs.celery_address import address_of, celery_settings

SENTINELS = "sentinel://:p%20w@one:26379,two:26380/3?master=runs"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (
            SENTINELS,
            {
                "broker_url": "sentinel://:p%20w@one:26379/3;sentinel://:p%20w@two:26380/3",
                "options": {"master_name": "runs"},
            },
        ),
        (
            "unix://:p%20w@/run/redis.sock?db=3",
            {"broker_url": "redis+socket://:p%20w@/run/redis.sock?virtual_host=3"},
        ),
        ("unix:///run/redis.sock", {"broker_url": "redis+socket:///run/redis.sock"}),
        ("rediss://one/2?ssl_cert_reqs=none", {"broker_url": "rediss://one/2?ssl_cert_reqs=none"}),
    ],
)
def test_celery_is_told_an_address_in_its_way_and_its_words_are_understood(
    address: str, told: dict[str, Any]
) -> None:
    assert celery_settings(address, "broker_url", "options") == told
    assert address_of(told["broker_url"], told.get("options")) == address
