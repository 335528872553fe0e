"""`doctor`: looks at Redis, the clock and the workers, and says what to fix."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final, cast

import click
import redis

from inception.runs.celery_app import create_client
from inception.runs.errors import StoreUnavailable
from inception.runs.scripts import refusals_as_errors
from inception.runs.settings import Settings
from webapp.cli import examination
from webapp.cli.examination import DEFAULT_VISIBILITY, Finding, Verdict
from webapp.cli.printing import echo_json
from webapp.cli.session import Session, open_session, says_refusals
from webapp.cli.words import as_json
from webapp.supervisor.checks import without_password

SICK: Final = 1
"""Exit code when a check has failed."""
_WATCHER: Final = "celery -A celery_worker worker -Q parents -P eventlet -c 50"
_COMPUTE: Final = "celery -A celery_worker worker -Q children -P prefork"
_STYLES: Final = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILED: "red"}


@click.command()
@as_json
@says_refusals
def doctor(as_json: bool) -> None:
    """Check Redis, the clock and the workers; exit 1 if something has to be fixed."""
    findings = examine(open_session())
    if as_json:
        echo_json({"findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            _print(finding)
    if any(finding.verdict is Verdict.FAILED for finding in findings):
        raise SystemExit(SICK)


def examine(session: Session) -> list[Finding]:
    """Every check, in order; only the first if Redis doesn't answer."""
    try:
        session.store.ping()
        return [_reached(session), *_of_redis(session), *_of_workers(session)]
    except StoreUnavailable as error:
        return [_unreached(session, error)]


def _reached(session: Session) -> Finding:
    return Finding(check="redis", verdict=Verdict.OK, found=without_password(session.url))


def _unreached(session: Session, error: StoreUnavailable) -> Finding:
    return Finding(
        check="redis",
        verdict=Verdict.FAILED,
        found=f"{without_password(session.url)}: {error.message}",
        fix="Start it, or correct REDIS_URL (or the password in it).",
    )


def _of_redis(session: Session) -> list[Finding]:
    with refusals_as_errors():
        info = cast("Mapping[str, object]", session.client.info())
        seconds, micros = cast("tuple[int, int]", session.client.time())
    return [
        examination.check_version(info),
        examination.check_role(info),
        examination.check_persistence(info, _configured(session.client, "appendfsync")),
        examination.check_eviction(info),
        examination.check_memory(info),
        examination.check_visibility(_visibility()),
        examination.check_clock(int(time.time() * 1000), seconds * 1000 + micros // 1000),
    ]


def _of_workers(session: Session) -> list[Finding]:
    beats = list(session.store.read_beats().values())
    with refusals_as_errors():
        seconds, _ = cast("tuple[int, int]", session.client.time())
    return [
        examination.check_workers(beats, seconds * 1000, "watcher", _WATCHER),
        examination.check_workers(beats, seconds * 1000, "compute", _COMPUTE),
        examination.check_catalogue(len(session.store.read_catalogue())),
        *(examination.check_queue(queue) for queue in session.fleet.read()["queues"]),
    ]


def _configured(client: redis.Redis, name: str) -> str | None:
    """One setting of the server; None where a managed one doesn't tell."""
    try:
        found = cast("dict[str, str]", client.config_get(name))
    except redis.ResponseError:
        return None
    return found.get(name)


def _visibility() -> float:
    """Seconds (s) as this installation's clients have it."""
    app = create_client(Settings(redis_url="redis://"))
    options = app.conf.broker_transport_options or {}
    return float(options.get("visibility_timeout", DEFAULT_VISIBILITY))


def _print(finding: Finding) -> None:
    verdict = click.style(f"{finding.verdict:<8}", fg=_STYLES[finding.verdict])
    click.echo(f"{verdict} {finding.check:<16} {finding.found}")
    if finding.fix is not None:
        click.echo(f"{'':<25} {finding.fix}")
