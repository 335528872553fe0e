"""The commands that only look: parents, ls, show, workers, completion."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import click
from click.shell_completion import get_completion_class
from rich.console import Console
from typing_extensions import TypeIs

from inception.runs.model import Node, Run, Snapshot, State
from inception.runs.paths import parse_path
from inception.runs.records import RunFilter
from webapp.cli.printing import (
    age,
    counted,
    echo_json,
    moment,
    on_terminal,
    percent,
    print_facts,
    print_table,
    said,
    span,
)
from webapp.cli.run_view import RunView
from webapp.cli.session import open_session, says_refusals
from webapp.cli.views import line_of, tree_of
from webapp.cli.words import Moment, as_json, complete_parents, run_id
from webapp.fleet import FleetAnswer, Queue, Worker

_SHOWN_NODES = 200


@click.command()
@as_json
@says_refusals
def parents(as_json: bool) -> None:
    """List what can be started, with its arguments."""
    found = open_session().store.read_catalogue()
    if as_json:
        echo_json({"parents": found})
        return
    rows = [
        [parent["name"], _signature(parent["schema"]), parent["doc"].partition("\n")[0]]
        for parent in found
    ]
    print_table(["name", "arguments", "does"], rows, cut={"arguments": "end", "does": "end"})


@click.command()
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(list(State), case_sensitive=False),
    help="In this state; may repeat.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    shell_complete=complete_parents,
    help="Of this parent, by its whole name; may repeat.",
)
@click.option("--tag", "tags", multiple=True, help="With this tag; may repeat.")
@click.option("--label", help="Called so, word for word.")
@click.option("--q", help="Looked for in id, name, label and tags.")
@click.option("--since", type=Moment(), help="Created since: 2h (ago), 7d, 2026-01-31T12:00.")
@click.option("--until", type=Moment(), help="Created until then.")
@click.option(
    "--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="How many at most."
)
@click.option("--cursor", help="Go on where a page has ended.")
@as_json
@says_refusals
def ls(
    states: Sequence[State],
    names: Sequence[str],
    tags: Sequence[str],
    label: str | None,
    q: str | None,
    since: int | None,
    until: int | None,
    limit: int,
    cursor: str | None,
    as_json: bool,
) -> None:
    """List runs, newest first."""
    which = RunFilter(
        states=frozenset(State(state) for state in states),
        names=frozenset(names),
        tags=frozenset(tags),
        label=label,
        q=q,
        since=since,
        until=until,
    )
    found, following = open_session().store.list_runs(which, limit, cursor)
    if as_json:
        echo_json({"runs": found, "next": following})
        return
    columns = ["id", "state", "done", "age" if on_terminal() else "created", "took", "run", ""]
    print_table(columns, map(_row, found), cut={"run": "start", "": "end"})
    if following is not None:
        click.echo(f"More: --cursor {following}", err=True)


@click.command()
@run_id
@click.option("--path", help="One node of it, whole: - is the root, 0.2 the third child of 0.")
@as_json
@says_refusals
def show(run_id: str, path: str | None, as_json: bool) -> None:
    """Show one run with its nodes, or one node whole, as of now."""
    store = open_session().store
    if path is None:
        snapshot = store.snapshot(run_id)
        echo_json(snapshot) if as_json else _print_snapshot(snapshot)
        return
    at = parse_path(path)
    record = store.read_node(run_id, at) if at else store.read_run(run_id, whole=True)
    if as_json:
        echo_json(record)
    else:
        _print_record(at, record)


@click.command()
@as_json
@says_refusals
def workers(as_json: bool) -> None:
    """List the processes at work, and the queues."""
    answer = open_session().fleet.read()
    if as_json:
        echo_json(answer)
        return
    rows = [_worker(kind, each) for kind, each in _processes(answer)]
    print_table(["kind", "process", "pid", "busy", "heard"], rows)
    print_table(["kind", "name", "", "messages", "consumers"], map(_queue, answer["queues"]))


@click.command()
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what completes `runs` in SHELL: bash, zsh or fish.

    Put it where that shell reads such things.
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.ClickException(f"There is no completion for {shell}.")
    group = context.parent.command if context.parent is not None else context.command
    click.echo(found(group, {}, "runs", "_RUNS_COMPLETE").source())


def _row(run: Run) -> list[str]:
    took = span(run["started_at"], run["finalized_at"])
    name = run["label"] or run["name"]
    created = age(run["created_at"]) if on_terminal() else moment(run["created_at"])
    return [run["id"], run["state"], percent(run["meta"]), created, took, name, said(run["meta"])]


def _signature(schema: Mapping[str, object]) -> str:
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return ""
    return " ".join(
        f"{name}={json.dumps(about['default'])}" if "default" in about else f"{name}="
        for name, about in properties.items()
    )


def _print_snapshot(snapshot: Snapshot) -> None:
    _print_record("", snapshot["run"])
    view = RunView()
    for path, record in view.apply(snapshot):
        if path and not on_terminal():
            click.echo(line_of(path, record))
    if on_terminal():
        Console().print(tree_of(view, _SHOWN_NODES))


def _print_record(path: str, record: Run | Node) -> None:
    print_facts(
        [
            ("id" if not path else "path", str(record.get("id", path))),
            ("name", record["name"]),
            ("label", record["label"] or ""),
            *(_of_node(record) if _is_node(record) else _of_run(record)),
            ("state", record["state"]),
            ("done", percent(record["meta"])),
            ("says", said(record["meta"])),
            ("arguments", _arguments(record)),
            ("started", moment(record["started_at"])),
            ("took", span(record["started_at"], record["finalized_at"])),
            ("value", _json(record["value"])),
        ]
    )
    if record["traceback"]:
        click.echo(record["traceback"].rstrip())


def _arguments(record: Run | Node) -> str:
    """Those by position, if there are any, and those by name."""
    by_position = record["args"] if _is_node(record) else None
    by_name = record["kwargs"]
    if not by_position:
        return _json(by_name)
    return _json(by_position) + (f" {_json(by_name)}" if by_name else "")


def _is_node(record: Run | Node) -> TypeIs[Node]:
    return "path" in record


def _of_run(run: Run) -> list[tuple[str, str]]:
    asked = run["revoke"]
    reason = "" if asked is None else f": {asked['reason']}" if asked["reason"] else ""
    return [
        ("tags", " ".join(run["tags"])),
        ("rerun of", run["rerun_of"] or ""),
        ("revoked", "" if asked is None else f"by {asked['by']}{reason}"),
    ]


def _of_node(node: Node) -> list[tuple[str, str]]:
    return [
        ("attempt", str(node["attempt"]) if node["attempts"] else ""),
        ("worker", node["worker"] or ""),
        ("waits for", node["waiting"] or ""),
    ]


def _json(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _processes(answer: FleetAnswer) -> list[tuple[str, Worker]]:
    watchers = [("watcher", each) for each in answer["watchers"]]
    return watchers + [("compute", each) for each in answer["compute"]]


def _queue(queue: Queue) -> list[str]:
    takers = queue["problem"] or queue["waiting"] or counted(queue["consumers"], "consumer")
    return ["queue", queue["name"], "", f"{queue['length']} waiting", takers]


def _worker(kind: str, worker: Worker) -> list[str]:
    busy = f"{len(worker['running'])}/{worker['slots']}"
    return [kind, worker["name"], str(worker["pid"]), busy, moment(worker["seen_at"])]
