"""One run's nodes, whole, and what they printed."""

from __future__ import annotations

from typing import Annotated, Final

from flask import Blueprint
from pydantic import Field
from typing_extensions import TypedDict

from inception.runs.model import ROOT, Node, Run
from webapp.log_answer import LogAnswer, present_attempt, read_log
from webapp.openapi.operations import operation
from webapp.payloads import LogPlace, Path, Payload, RunId
from webapp.services import services

nodes = Blueprint("nodes", __name__)

PAGE: Final = 500
"""Nodes of one answer."""


class ListNodes(Payload):
    """Which nodes: those directly under a path, from a cursor on."""

    under: Path = ROOT
    cursor: Annotated[str, Field(pattern="^[0-9]{1,6}$")] | None = None


class NodesAnswer(TypedDict):
    """A page of children; ask with `cursor` = `next` for those that follow."""

    nodes: list[Node]
    next: str | None


class ReadLog(Payload):
    """Where in a log to begin."""

    after: LogPlace | None = None


@nodes.get("/runs/<run_id>/nodes")
@operation(errors=("run_not_found", "node_not_found"))
def list_nodes(run_id: RunId, query: ListNodes) -> NodesAnswer:
    """The children of one node, in order."""
    found, after = services().store.read_nodes(run_id, query.under, query.cursor, PAGE)
    return {"nodes": found, "next": after}


@nodes.get("/runs/<run_id>/nodes/<path>")
@operation(errors=("run_not_found", "node_not_found"))
def read_node(run_id: RunId, path: Path) -> Node | Run:
    """A node with everything that events leave out; `-` is the root, whose record is the run."""
    store = services().store
    if path == ROOT:
        return store.read_run(run_id, whole=True)
    return store.read_node(run_id, path)


@nodes.get("/runs/<run_id>/nodes/<path>/log")
@operation(errors=("run_not_found", "node_not_found"))
def read_node_log(run_id: RunId, path: Path, query: ReadLog) -> LogAnswer:
    """What the node's present attempt printed and logged."""
    store = services().store
    attempt = present_attempt(store, run_id, path)
    return read_log(store, run_id, path, attempt, query.after)
