"""`doctor`: looks at Redis, the clock and the workers, and says what to fix."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Final, cast

import click
import redis
from celery import Celery
from celery.app.utils import find_app

from inception.runs.celery_app import create_client
from inception.runs.errors import BadRequest, StoreUnavailable
from inception.runs.scripts import refusals_as_errors
from inception.runs.settings import Settings
from webapp.cli import examination
from webapp.cli.examination import DEFAULT_VISIBILITY, TRIED_PACKAGES, Finding, Verdict
from webapp.cli.printing import echo_json
from webapp.cli.session import Session, open_session, says_refusals
from webapp.cli.words import as_json
from webapp.supervisor.checks import without_password
from webapp.supervisor.reaching import advice

SICK: Final = 1
"""Exit code when a check has failed."""
_WATCHER: Final = "celery -A celery_worker worker -Q parents -P eventlet -c 50"
_COMPUTE: Final = "celery -A celery_worker worker -Q children -P prefork"
_STYLES: Final = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILED: "red"}


@click.command()
@click.option("--app", "app_name", metavar="NAME", help="A Celery app of yours, as for celery -A.")
@as_json
@says_refusals
def doctor(app_name: str | None, as_json: bool) -> None:
    """Check Redis, the clock and the workers; say what to fix.

    The exit code is 1 if something has to be fixed, 0 if all is well or worth a warning at most.
    """
    findings = examine(open_session(), _app(app_name))
    if as_json:
        echo_json({"findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            _print(finding)
    if any(finding.verdict is Verdict.FAILED for finding in findings):
        raise SystemExit(SICK)


def examine(session: Session, app: Celery) -> list[Finding]:
    """Every check, in order; only those that need none if Redis doesn't answer.

    `app` is the one whose way to the broker is looked at.
    """
    packages = examination.check_packages({name: version(name) for name in TRIED_PACKAGES})
    visibility = examination.check_visibility(_visibility(app))
    try:
        session.client.ping()
        of_redis = [_reached(session), *_of_redis(session)]
        return [*of_redis, packages, visibility, *_of_workers(session)]
    except (redis.RedisError, OSError, StoreUnavailable) as error:
        return [_unreached(session, error), packages, visibility]


def _reached(session: Session) -> Finding:
    return Finding(check="redis", verdict=Verdict.OK, found=without_password(session.url))


def _unreached(session: Session, error: Exception) -> Finding:
    return Finding(
        check="redis",
        verdict=Verdict.FAILED,
        found=f"{without_password(session.url)}: {error}",
        fix=f"REDIS_URL: {advice(error)}.",
    )


def _of_redis(session: Session) -> list[Finding]:
    with refusals_as_errors():
        info = cast("Mapping[str, object]", session.client.info())
        seconds, micros = cast("tuple[int, int]", session.client.time())
    return [
        examination.check_version(info),
        examination.check_role(info),
        examination.check_persistence(
            info, _configured(session.client, "appendfsync"), _configured(session.client, "save")
        ),
        examination.check_eviction(info),
        examination.check_memory(info),
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


def _app(name: str | None) -> Celery:
    """That app, or the client of this installation. Raises BadRequest if there is none."""
    if name is None:
        return create_client(Settings(redis_url="redis://"))
    try:
        found: Celery = find_app(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadRequest(f"There is no Celery app {name!r}: {error}.") from error
    return found


def _visibility(app: Celery) -> float:
    """Seconds (s) as its connections have it."""
    options = app.conf.broker_transport_options or {}
    return float(options.get("visibility_timeout", DEFAULT_VISIBILITY))


def _print(finding: Finding) -> None:
    verdict = click.style(f"{finding.verdict:<8}", fg=_STYLES[finding.verdict])
    click.echo(f"{verdict} {finding.check:<16} {finding.found}")
    if finding.fix is not None:
        click.echo(f"{'':<25} {finding.fix}")
