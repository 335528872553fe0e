"""Puts fields that were kept aside for their size back into a record. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from inception.runs.model import ROOT, Node, Run


def large_name(path: str, field: str) -> str:
    """The name under which a large field of the node at `path` is kept."""
    return f"{path}:{field}"


def fill_run(run: Run, large: Mapping[str, str]) -> Run:
    """The run with what was kept aside filled in."""
    return cast("Run", _filled(cast("dict[str, object]", run), ROOT, large))


def fill_node(node: Node, large: Mapping[str, str]) -> Node:
    """The node with what was kept aside filled in."""
    return cast("Node", _filled(cast("dict[str, object]", node), node["path"], large))


def _filled(record: dict[str, object], path: str, large: Mapping[str, str]) -> dict[str, object]:
    """`omitted` keeps the names of what could not be found."""
    names = cast("list[str]", record["omitted"])
    found = {
        name: large[large_name(path, name)] for name in names if large_name(path, name) in large
    }
    filled = {name: json.loads(text) for name, text in found.items()}
    return {**record, **filled, "omitted": [name for name in names if name not in found]}
