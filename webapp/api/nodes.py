"""One run's nodes, whole, and what they printed."""

from __future__ import annotations

from typing import Annotated, Final

from flask import Blueprint, request
from pydantic import Field

from inception.runs.model import ROOT, Node, Run
from inception.runs.paths import parse_path
from webapp.log_answer import LogAnswer, present_attempt, read_log
from webapp.payloads import FilterWord, Path, Payload, check_run_id, read_query
from webapp.services import services

nodes = Blueprint("nodes", __name__)

PAGE: Final = 500
"""Nodes of one answer."""


class ListNodes(Payload):
    """Which nodes: those directly under a path, from a cursor on."""

    under: Path = ROOT
    cursor: FilterWord | None = None


class ReadLog(Payload):
    """Where in a log to begin."""

    after: Annotated[str, Field(max_length=100)] | None = None


@nodes.get("/runs/<run_id>/nodes")
def list_nodes(run_id: str) -> dict[str, list[Node] | str | None]:
    """The children of one node, in order."""
    wanted = read_query(request.args, ListNodes)
    found, after = services().store.read_nodes(
        check_run_id(run_id), wanted.under, wanted.cursor, PAGE
    )
    return {"nodes": found, "next": after}


@nodes.get("/runs/<run_id>/nodes/<path>")
def read_node(run_id: str, path: str) -> Node | Run:
    """A node with everything that events leave out; `-` is the root, whose record is the run."""
    store, place = services().store, parse_path(path)
    if place == ROOT:
        return store.read_run(check_run_id(run_id), whole=True)
    return store.read_node(check_run_id(run_id), place)


@nodes.get("/runs/<run_id>/nodes/<path>/log")
def read_node_log(run_id: str, path: str) -> LogAnswer:
    """What the node's present attempt printed and logged."""
    store, place = services().store, parse_path(path)
    after = read_query(request.args, ReadLog).after
    attempt = present_attempt(store, check_run_id(run_id), place)
    return read_log(store, run_id, place, attempt, after)
