"""Reads one run: its record, nodes, snapshot and events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, cast

from inception.runs import keys, recordtext
from inception.runs.errors import BadRequest, EventsGone, NodeNotFound, RunNotFound
from inception.runs.filling import fill_node, fill_run, large_name
from inception.runs.model import LARGE_FIELDS, ROOT, Batch, Node, Run, Snapshot
from inception.runs.paths import child_path, tree_order
from inception.runs.scripts import Scripts, refusals_as_errors

SNAPSHOT_NODES: Final = 2_000
"""A run with more nodes than this is shown by the first children of each parent."""
SNAPSHOT_CHILDREN: Final = 50
FIRST_WHOLE: Final = 500
"""A run with more nodes than this is opened by the first of them, for who asks for no more."""
FIRST_TOP: Final = 100
"""Of these so many are directly under the run, if it has them,"""
FIRST_NODES: Final = 200
"""and so many there are in all; about 11 kB packed, more rows than any screen has."""


class Reading(Scripts):
    """Reads runs; changes nothing."""

    def read_run(self, run_id: str, *, whole: bool = False) -> Run:
        """The run's record; with `whole` its large fields are filled in. Raises RunNotFound."""
        text, large = self._read(keys.run(run_id), "record", run_id, ROOT)
        if text is None:
            raise RunNotFound(f"There is no run {run_id}.")
        run = recordtext.run_of(text)
        return fill_run(run, large) if whole else run

    def read_sealed(self, run_id: str) -> str | None:
        """The run's secret arguments as they were sealed; None if it has none, or is gone."""
        with refusals_as_errors():
            return cast("str | None", self._client.hget(keys.run(run_id), "sealed"))

    def read_node(self, run_id: str, path: str) -> Node:
        """A node with its large fields. Raises NodeNotFound, RunNotFound."""
        text, large = self._read(keys.nodes(run_id), path, run_id, path)
        if text is None:
            self.read_run(run_id)
            raise NodeNotFound(f"Run {run_id} has no node {path or 'at its root'}.")
        return fill_node(recordtext.node_of(text), large)

    def read_nodes(
        self, run_id: str, under: str, cursor: str | None, limit: int
    ) -> tuple[list[Node], str | None]:
        """At most `limit` children of the node at `under`, by number, and where to go on.

        Two round trips; only where there are more than `limit`, or of the run's own, is every path
        of the run read. Raises RunNotFound, NodeNotFound, and BadRequest for a cursor that is none.
        """
        after = _number(cursor)
        few = self._few_children(run_id, under, limit) if under != ROOT and after < 0 else None
        if few is not None:
            return few, None
        with refusals_as_errors():
            paths = cast("list[str]", self._client.hkeys(keys.nodes(run_id)))
        if not paths:
            self.read_run(run_id)
        if under != ROOT and under not in paths:
            raise NodeNotFound(f"Run {run_id} has no node {under}.")
        rest = sorted(number for number in _children(paths, under) if number > after)
        page = rest[:limit]
        following = str(page[-1]) if len(rest) > len(page) else None
        return self._nodes_at(run_id, [child_path(under, number) for number in page]), following

    def _few_children(self, run_id: str, under: str, limit: int) -> list[Node] | None:
        """All children of the node, if their number tells where they are; else None.

        They are numbered from 0, save where a retry has set some aside.
        """
        with refusals_as_errors():
            text = cast("str | None", self._client.hget(keys.nodes(run_id), under))
        count = int(recordtext.fields_of(text)["children"]) if text else limit + 1
        if count > limit:
            return None
        found = self._nodes_at(run_id, [child_path(under, number) for number in range(count)])
        return found if len(found) == count else None

    def names_of(self, tasks: Sequence[tuple[str, str]]) -> list[str | None]:
        """What the task at each (run id, path) is called: its label, or else its function.

        None if it is gone. One round trip.
        """
        with refusals_as_errors(), self._client.pipeline(transaction=False) as pipe:
            for run_id, path in tasks:
                if path == ROOT:
                    pipe.hget(keys.run(run_id), "record")
                else:
                    pipe.hget(keys.nodes(run_id), path)
            texts = cast("list[str | None]", pipe.execute())
        return [None if text is None else _name_in(text) for text in texts]

    def snapshot(self, run_id: str) -> Snapshot:
        """The run with its nodes in tree order, as of one number. Raises RunNotFound."""
        names = [keys.run(run_id), keys.nodes(run_id)]
        answer = self._run("snapshot", names, [SNAPSHOT_NODES, SNAPSHOT_CHILDREN])
        return _snapshot_of(run_id, answer)

    def first_nodes(self, run_id: str) -> Snapshot:
        """The same with only the nodes that a reader begins with, if the run has many.

        They are the first directly under the run, and the first under those; of a run that has
        failed also the first failure, with all above it. Raises RunNotFound.
        """
        names = [keys.run(run_id), keys.nodes(run_id)]
        answer = self._run("first_nodes", names, [FIRST_WHOLE, FIRST_TOP, FIRST_NODES])
        return _snapshot_of(run_id, answer)

    def position(self, run_id: str) -> tuple[str, int]:
        """The run's epoch and seq: while both stay, so does its snapshot. Raises RunNotFound."""
        with refusals_as_errors():
            names = ["epoch", "seq"]
            epoch, seq = cast("list[str | None]", self._client.hmget(keys.run(run_id), names))
        if epoch is None or seq is None:
            raise RunNotFound(f"There is no run {run_id}.")
        return epoch, int(seq)

    def events_since(self, run_id: str, epoch: str, since: int) -> Batch:
        """The events after number `since` of that epoch.

        Raises RunNotFound, and EventsGone if not all are kept, the epoch is another, or `since`
        is beyond the run's number: then take a snapshot.
        """
        names = [keys.run(run_id), keys.events(run_id)]
        answer = self._run("events_since", names, [epoch, since])
        if answer[0] == "gone":
            raise RunNotFound(f"There is no run {run_id}.")
        if answer[0] == "events_gone":
            raise EventsGone(f"Events of run {run_id} after {since} aren't kept; take a snapshot.")
        events = [json.loads(text) for text in answer[2:]]
        return Batch(
            {
                "run_id": run_id,
                "epoch": epoch,
                "from": since,
                "to": int(answer[1]),
                "events": events,
            }
        )

    def _read(
        self, name: str, field: str, run_id: str, path: str
    ) -> tuple[str | None, Mapping[str, str]]:
        """A record's text, and what was kept aside of it, in one step."""
        asides = [large_name(path, each) for each in LARGE_FIELDS]
        with refusals_as_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.hget(name, field)
            pipe.hmget(keys.large(run_id), asides)
            text, large = pipe.execute()
        pairs = zip(asides, large, strict=True)
        return text, {aside: value for aside, value in pairs if value is not None}

    def _nodes_at(self, run_id: str, paths: Sequence[str]) -> list[Node]:
        if not paths:
            return []
        with refusals_as_errors():
            texts = cast("list[str | None]", self._client.hmget(keys.nodes(run_id), list(paths)))
        return [recordtext.node_of(text) for text in texts if text]


def _snapshot_of(run_id: str, answer: Sequence[str]) -> Snapshot:
    if answer[0] == "gone":
        raise RunNotFound(f"There is no run {run_id}.")
    nodes = [recordtext.node_of(text) for text in answer[5:]]
    nodes.sort(key=lambda node: tree_order(node["path"]))
    return Snapshot(
        epoch=answer[1],
        seq=int(answer[2]),
        run=recordtext.run_of(answer[3]),
        nodes=nodes,
        complete=answer[4] == "1",
    )


def _name_in(text: str) -> str:
    fields = recordtext.fields_of(text)
    label: str | None = json.loads(fields.get("label", "null"))
    name: str = json.loads(fields["name"])
    return label or name.rpartition(".")[2]


def _children(paths: Iterable[str], under: str) -> Iterator[int]:
    """The numbers of the children of the node at `under`, in no order."""
    beginning = child_path(under, 0)[:-1]
    for path in paths:
        number = path[len(beginning) :]
        if path.startswith(beginning) and number.isdigit():
            yield int(number)


def _number(cursor: str | None) -> int:
    if cursor is None:
        return -1
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 6):
        raise BadRequest(f"{cursor[:40]!r} is no cursor; take it from `next` of the page before.")
    return int(cursor)
