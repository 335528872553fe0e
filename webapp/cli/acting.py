"""The commands that change something: start, revoke, retry, rerun, rm; and watch."""

from __future__ import annotations

import difflib
import json
import signal
from collections.abc import Callable, Sequence
from typing import Final

import click

from inception.runs.errors import BadRequest, InceptionError, ParentNotFound
from inception.runs.model import JsonValue, Run, State
from inception.runs.records import Created
from webapp.cli.following import following
from webapp.cli.printing import echo_json
from webapp.cli.session import REFUSED, Session, caller, open_session, says_refusals
from webapp.cli.views import choose_view
from webapp.cli.words import (
    KeyValue,
    as_json,
    complete_arguments,
    complete_parents,
    run_id,
    run_ids,
)

ENDED_BADLY: Final = 1
"""Exit code of a watched run that did not succeed."""
INTERRUPTED: Final = 128 + signal.SIGINT

_watch = click.option("--watch", "watching", is_flag=True, help="Watch it until it has ended.")


@click.command()
@click.argument("name", metavar="NAME", shell_complete=complete_parents)
@click.argument(
    "pairs", metavar="key=value…", nargs=-1, type=KeyValue(), shell_complete=complete_arguments
)
@click.option("--kwargs", "kwargs_text", metavar="JSON", help="Arguments as one JSON object.")
@click.option("--label", help="What to call this run in lists.")
@click.option("--tag", "tags", multiple=True, help="A word to find it by; may repeat.")
@click.option("--idempotency-key", "key", help="Starts one run, however often it is called.")
@_watch
@as_json
@says_refusals
def start(
    name: str,
    pairs: Sequence[tuple[str, JsonValue]],
    kwargs_text: str | None,
    label: str | None,
    tags: tuple[str, ...],
    key: str | None,
    watching: bool,
    as_json: bool,
) -> None:
    """Start a run of the parent NAME and print its id.

    A value is JSON where it parses as that (3, true, [1,2], "3"), else a text as it stands.
    """
    session = open_session()
    kwargs = {**_arguments(kwargs_text), **dict(pairs)}
    try:
        created = session.control.start(
            name, kwargs, label=label, tags=tags, idempotency_key=key, by=caller()
        )
    except ParentNotFound as error:
        raise ParentNotFound(f"{error.message}{_meant(session, name)}") from error
    _started(session, created, watching=watching, as_json=as_json)


@click.command()
@run_id
@as_json
@says_refusals
def watch(run_id: str, as_json: bool) -> None:
    """Watch a run until it has ended.

    The exit code is 0 if it succeeded, else 1. Ctrl-C ends the watching alone.
    """
    watch_to_its_end(open_session(), run_id, as_json=as_json)


@click.command()
@run_ids
@click.option("--path", help="Stop this part of the run alone, e.g. 0.2.")
@click.option("--reason", help="Why; shown with the run.")
@as_json
@says_refusals
def revoke(run_ids: Sequence[str], path: str | None, reason: str | None, as_json: bool) -> None:
    """Ask runs, and everything under them, to stop."""
    control = open_session().control
    _each(run_ids, lambda one: control.revoke(one, path, by=caller(), reason=reason), as_json)


@click.command()
@run_ids
@as_json
@says_refusals
def retry(run_ids: Sequence[str], as_json: bool) -> None:
    """Let runs that ended badly go on.

    Finished steps are kept, the others start anew.
    """
    control = open_session().control
    _each(run_ids, lambda one: control.retry(one, by=caller()), as_json)


@click.command()
@run_id
@click.argument("pairs", metavar="key=value…", nargs=-1, type=KeyValue())
@_watch
@as_json
@says_refusals
def rerun(
    run_id: str, pairs: Sequence[tuple[str, JsonValue]], watching: bool, as_json: bool
) -> None:
    """Start a new run like this one and print its id.

    It has the same arguments, save those that are given.
    """
    session = open_session()
    kwargs = None
    if pairs:
        former = session.store.read_run(run_id, whole=True)
        kwargs = {**(former["kwargs"] or {}), **dict(pairs)}
    run = session.control.rerun(run_id, kwargs, by=caller())
    _started(session, Created(run=run, existing=False), watching=watching, as_json=as_json)


@click.command()
@run_ids
@as_json
@says_refusals
def rm(run_ids: Sequence[str], as_json: bool) -> None:
    """Delete ended runs with all that is kept of them."""
    control = open_session().control
    _each(run_ids, lambda one: control.delete(one, by=caller()), as_json)


def watch_to_its_end(session: Session, run_id: str, *, as_json: bool) -> None:
    """Show a run until it has ended, then exit with its outcome. Raises as Follower.changes.

    Ctrl-C ends the watching alone (exit code 130); the run goes on.
    """
    view, interrupted = choose_view(as_json=as_json), False
    with following(session.store, session.url, run_id) as follower:
        try:
            for change in follower.changes():
                view.show(change)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            view.close()
        run = follower.run
    if interrupted:  # said below the tree, which is drawn once more when it is closed
        click.echo(f"The run goes on; stop it with: runs revoke {run_id}", err=True)
        raise SystemExit(INTERRUPTED)
    raise SystemExit(0 if run is not None and run["state"] == State.SUCCESS else ENDED_BADLY)


def _started(session: Session, created: Created, *, watching: bool, as_json: bool) -> None:
    run = created.run
    if not watching:
        echo_json(run) if as_json else click.echo(run["id"])
        return
    if not as_json:
        click.echo(run["id"])
    watch_to_its_end(session, run["id"], as_json=as_json)


def _meant(session: Session, name: str) -> str:
    """A parent whose name is like that one, or ends with it, as a question."""
    names = [parent["name"] for parent in session.store.read_catalogue()]
    ending = [each for each in names if each.endswith(f".{name}")]
    like = ending or difflib.get_close_matches(name, names, n=1)
    return f" Is {like[0]} meant?" if like else " `runs parents` lists those there are."


def _arguments(text: str | None) -> dict[str, JsonValue]:
    try:
        value = json.loads(text) if text else {}
    except ValueError as error:
        raise BadRequest(f"--kwargs is no JSON: {error}.") from error
    if not isinstance(value, dict):
        raise BadRequest("--kwargs takes a JSON object.")
    return value


def _each(run_ids: Sequence[str], act: Callable[[str], Run | None], as_json: bool) -> None:
    """Act on every id, whatever becomes of the others; exit 2 if one was refused."""
    refused = False
    for each in run_ids:
        try:
            run = act(each)
        except InceptionError as error:
            refused = True
            _say_refused(each, error, as_json)
        else:
            _say_done(each, run, as_json)
    if refused:
        raise SystemExit(REFUSED)


def _say_refused(run_id: str, error: InceptionError, as_json: bool) -> None:
    if as_json:
        echo_json({"id": run_id, "error": {"code": error.code, "message": error.message}})
    else:
        click.echo(f"runs: {error.message}", err=True)


def _say_done(run_id: str, run: Run | None, as_json: bool) -> None:
    if as_json:
        echo_json({"id": run_id} if run is None else run)
    else:
        click.echo(f"{run_id} {'deleted' if run is None else run['state']}")
