"""What must hold before anything is started. Each failure is one line that says what to do."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from urllib.parse import urlsplit

import redis

from inception.runs.connection import connect
from inception.runs.settings import Process, Settings
from webapp.supervisor.reaching import advice
from webapp.supervisor.redis_server import port_is_free

LOCK_PATIENCE = 3.0
"""Seconds (s) for the guard of a supervisor that was just killed to finish its work."""

_LOCK_PAUSE = 0.05


class StartError(Exception):
    """Something outside keeps the application from starting; the message says what to do."""


def check_users(settings: Settings) -> None:
    """Refuse a file of users that isn't there; the web reads what is in it."""
    if settings.users is not None and not settings.users.is_file():
        raise StartError(
            f"INCEPTION_USERS names {settings.users}, which is no file: "
            "write it with `flask runs users add NAME --role admin`"
        )


def check_port(host: str, port: int) -> None:
    """Refuse a port that somebody else listens on."""
    if not port_is_free(port, host):
        raise StartError(
            f"port {port} on {host} is in use: stop the program that listens there, "
            "or set INCEPTION_PORT to a free one"
        )


def check_processes(settings: Settings) -> None:
    """Refuse to run a part of the application beside a Redis that ends with it."""
    if settings.redis_url is None and set(settings.processes) != set(Process):
        raise StartError(
            f"INCEPTION_PROCESSES is {','.join(settings.processes)}, and the others would not know "
            "the embedded Redis: set REDIS_URL to the one that all of them use"
        )


def check_redis(url: str) -> None:
    """Refuse a REDIS_URL that no server answers at, or that asks for another password."""
    try:
        with connect(url, purpose="start", size=1) as client:
            client.ping()
    except redis.BusyLoadingError:
        return  # it is there and reads its file; everybody waits for it
    except (redis.RedisError, ValueError) as error:
        raise StartError(
            f"no Redis can be used at REDIS_URL, {without_password(url)} ({error}): "
            f"{advice(error)}. Without REDIS_URL a server is embedded"
        ) from error


def without_password(url: str) -> str:
    """Return the address as it may be shown."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return parts._replace(netloc=f"***@{parts.netloc.rpartition('@')[2]}").geturl()


def lock_state(state_dir: Path) -> int:
    """Take the state folder for this process; return the lock's descriptor, to be kept open.

    Raises StartError when another supervisor has it, or the folder can't be written.
    """
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(state_dir / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StartError(
            f"the state folder {state_dir} can't be written ({error.strerror}): "
            "set INCEPTION_STATE_DIR to a folder of yours"
        ) from error
    if not _locked(descriptor):
        holder = os.read(descriptor, 32).decode(errors="replace").strip()
        os.close(descriptor)
        raise StartError(
            f"another `make run` (pid {holder}) uses the state folder {state_dir}: stop it, or "
            "set INCEPTION_STATE_DIR and INCEPTION_PORT to values of this one's own"
        )
    os.truncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def _locked(descriptor: int) -> bool:
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOCK_PAUSE)
        else:
            return True
