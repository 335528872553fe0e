"""The health check of a worker's container: well while a process of this host beats."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.acceptance.conftest import Stack
from tests.documents import CHECKOUT

SCRIPT = CHECKOUT / "docs/deployment/compose/alive.py"


def check(redis_url: str) -> subprocess.CompletedProcess[str]:
    """Run it as a container does."""
    return subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={**os.environ, "REDIS_URL": redis_url},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_host_whose_workers_beat_is_well(stack: Stack) -> None:
    assert check(stack.redis_url).returncode == 0


def test_a_host_without_a_beat_is_not(redis_url: str) -> None:
    done = check(redis_url)
    assert done.returncode == 1
    assert done.stderr == "no beat of this host\n"
