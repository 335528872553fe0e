"""The web as a process of its own, as it is served in earnest."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import requests

from tests.integration.webapp.clients import PATIENCE

ROOT = Path(__file__).parents[3]
Serve = Callable[..., "subprocess.Popen[str]"]

SERVED_WITHIN = 40.0
"""Seconds (s) for a process to be started and listen, on a busy machine."""


def start(
    files: int | None = None, first: str | None = None, **settings: str
) -> subprocess.Popen[str]:
    """Start wsgi.py; `files` is how many it may have open, `first` is run before it serves."""
    command = [sys.executable, "wsgi.py"]
    if first is not None:
        command = [sys.executable, "-c", f"import sys, wsgi\n{first}\nsys.exit(wsgi.main())"]
    if files is not None:
        command = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **settings},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_until_served(port: int) -> None:
    deadline = time.monotonic() + SERVED_WITHIN
    while True:
        try:
            requests.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE).raise_for_status()
            return
        except requests.ConnectionError:
            assert time.monotonic() < deadline, "nobody listens"
