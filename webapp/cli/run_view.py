"""One run as far as it is known: its newest records, put together from changes. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from inception.runs.model import FINAL_STATES, ROOT, Node, Run
from inception.runs.paths import lineage, tree_order
from webapp.cli.following import Change, is_snapshot

Record: TypeAlias = Run | Node


class RunView:
    """The run's record and its nodes by path."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self.nodes: dict[str, Node] = {}

    def apply(self, change: Change) -> Iterator[tuple[str, Record]]:
        """Take a snapshot or a batch; yield each record that came, with its path, in order."""
        if is_snapshot(change):
            self.nodes = {node["path"]: node for node in change["nodes"]}
            yield from self.nodes.items()
            self.run = change["run"]
            yield ROOT, change["run"]
            return
        for event in change["events"]:
            if "node" in event:
                self.nodes[event["node"]["path"]] = event["node"]
                yield event["node"]["path"], event["node"]
            else:
                self.run = event["run"]
                yield ROOT, event["run"]

    def rows(self, most: int) -> tuple[list[Node], int]:
        """At most `most` nodes in tree order, and how many are left out.

        Where not all fit, those that go on are shown first, with the nodes they are under, then
        those that ended badly, then the others.
        """
        chosen: set[str] = set()
        for path in sorted(self.nodes, key=self._interest):
            wanted = {above for above in lineage(path) if above in self.nodes} - chosen
            if len(chosen) + len(wanted) <= most:
                chosen |= wanted
            if len(chosen) == most:
                break
        shown = [self.nodes[path] for path in sorted(chosen, key=tree_order)]
        return shown, len(self.nodes) - len(shown)

    def _interest(self, path: str) -> tuple[int, tuple[int, ...]]:
        state = self.nodes[path]["state"]
        if state not in FINAL_STATES and state != "PENDING":
            rank = 0
        elif state in FINAL_STATES and state != "SUCCESS":
            rank = 1
        else:
            rank = 2
        return rank, tree_order(path)
