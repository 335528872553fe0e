"""`python -m webapp.supervisor`: run the whole application until it is told to stop."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from inception.runs.errors import SettingsError
from inception.runs.settings import Process, Settings, unknown_settings
from inception.runs.vault import Vault
from webapp.binding import check_binding
from webapp.supervisor import redis_server
from webapp.supervisor.checks import (
    StartError,
    check_port,
    check_processes,
    check_redis,
    check_users,
    lock_state,
    without_password,
)
from webapp.supervisor.commands import application_processes, redis_process
from webapp.supervisor.guard import Guard
from webapp.supervisor.logfiles import last_line
from webapp.supervisor.orphans import ProcessRecord
from webapp.supervisor.processes import SupervisedProcess
from webapp.supervisor.readiness import ReadinessProbe
from webapp.supervisor.speech import speak
from webapp.supervisor.supervision import Supervisor
from webapp.supervisor.wakeups import Parent, catching_signals
from webapp.whole_files import replace_file

CHECKOUT = Path(__file__).resolve().parents[2]

log = logging.getLogger("webapp.supervisor")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; return the exit code. What keeps it from starting is one line on stderr."""
    options = _parser().parse_args(arguments)
    parent = Parent() if options.stop_with_parent else None
    try:
        _run(_settled(Settings.from_environment()), options.root, parent)
    except (StartError, SettingsError, redis_server.RedisServerError) as error:
        sys.stderr.write(f"inception: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m webapp.supervisor", description=__doc__)
    parser.add_argument(
        "--stop-with-parent",
        action="store_true",
        help="stop when the process that started this one ends or, on Linux, is interrupted",
    )
    parser.add_argument(
        "--root", type=Path, default=CHECKOUT, help="the folder of wsgi.py and celery_worker.py"
    )
    return parser


def _settled(settings: Settings) -> Settings:
    """Return settings that say the same in every process: a full path, a real port."""
    return dataclasses.replace(
        settings,
        state_dir=settings.state_dir.resolve(),
        port=settings.port or redis_server.free_port(),
    )


def _run(settings: Settings, root: Path, parent: Parent | None) -> None:
    speak(settings.log)
    _name_unknown_settings()
    check_binding(settings)
    check_users(settings)
    Vault.from_settings(settings)  # a key that is none ends this, and not each process later
    check_processes(settings)
    lock = lock_state(settings.state_dir)
    record = ProcessRecord(settings.state_dir)
    for orphan in record.end_orphans():
        log.info(
            "%s, pid %d, was left by an earlier run; ended it",
            *(orphan.name, orphan.pid),
            extra={"action": "orphan_ended"},
        )
    if Process.WEB in settings.processes:
        check_port(settings.host, settings.port)
    if settings.redis_url is not None:
        check_redis(settings.redis_url)
    with catching_signals() as wakeups:
        guard = Guard(settings.state_dir, CHECKOUT, lock)
        supervisor = Supervisor(record=record, guard=guard, wakeups=wakeups, parent=parent)
        try:
            _start_and_keep(supervisor, settings, root)
        finally:
            supervisor.stop()
            _redis_file(settings).unlink(missing_ok=True)
    os.close(lock)


def _name_unknown_settings() -> None:
    for name, meant in unknown_settings(os.environ).items():
        hint = f"; is {meant} meant?" if meant else ""
        log.warning("%s is no setting%s", name, hint, extra={"action": "unknown_setting"})


def _start_and_keep(supervisor: Supervisor, settings: Settings, root: Path) -> None:
    url = settings.redis_url or _start_redis(supervisor, settings)
    if supervisor.stop_wanted():
        return
    replace_file(_redis_file(settings), f"{url}\n")
    log.info("Redis is %s", without_password(url), extra={"action": "redis_chosen"})
    for spec in application_processes(settings, root, _environment(settings, url)):
        supervisor.add(SupervisedProcess(spec, settings.state_dir))
    probe = ReadinessProbe(settings.host, settings.port)
    if Process.WEB in settings.processes:
        probe.start()
    try:
        supervisor.run()
    finally:
        probe.stop()


def _start_redis(supervisor: Supervisor, settings: Settings) -> str:
    """Start the embedded server and return its address once it has loaded its file."""
    server = redis_server.prepare(settings.state_dir / "redis")
    process = SupervisedProcess(redis_process(server, os.environ), settings.state_dir)
    supervisor.add(process)
    try:
        server.wait_until_ready(lambda: process.is_running() and not supervisor.stop_wanted())
    except redis_server.RedisServerError as error:
        if not supervisor.stop_wanted():
            raise StartError(f"{error}: {last_line(process.log_file)}") from error
    return server.url


def _environment(settings: Settings, redis_url: str) -> Mapping[str, str]:
    """Pass everything on, PYTHONPATH too, with what was settled here."""
    return {
        **os.environ,
        "REDIS_URL": redis_url,
        "INCEPTION_PORT": str(settings.port),
        "INCEPTION_STATE_DIR": str(settings.state_dir),
        "PYTHONUNBUFFERED": "1",  # a log is read while it is written
    }


def _redis_file(settings: Settings) -> Path:
    return settings.state_dir / "redis.url"


if __name__ == "__main__":
    sys.exit(main())
