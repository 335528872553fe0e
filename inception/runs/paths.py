"""Addresses of nodes within a run, and the task ids that follow from them. Pure."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Final

from inception.runs.errors import BadRequest
from inception.runs.model import ROOT

_PATH: Final = re.compile(r"(?:0|[1-9]\d{0,5})(?:\.(?:0|[1-9]\d{0,5})){0,199}")
_NAMESPACE: Final = uuid.UUID("6f0e6b1c-51c2-5a70-8f3b-2b9b6e1f7f1d")


def child_path(parent: str, number: int) -> str:
    """The path of child `number` (from 0) of the node at `parent`."""
    return str(number) if parent == ROOT else f"{parent}.{number}"


def parent_path(path: str) -> str:
    """The path of the node that the one at `path` is under; the root's is the root's own."""
    return path.rpartition(".")[0]


def lineage(path: str) -> Iterator[str]:
    """Yield the root, then each path down to `path` itself."""
    yield ROOT
    if path == ROOT:
        return
    parts = path.split(".")
    for length in range(1, len(parts) + 1):
        yield ".".join(parts[:length])


def is_under(path: str, top: str) -> bool:
    """True if `path` is `top` itself or below it."""
    return top in (ROOT, path) or path.startswith(top + ".")


def tree_order(path: str) -> tuple[int, ...]:
    """Sort key that puts nodes in tree order: each parent before its children, by number."""
    return tuple(int(part) for part in path.split(".")) if path else ()


def parse_path(text: str) -> str:
    """Check a path that came from outside; `-` and the empty text are the root.

    Raises BadRequest for anything that isn't a path.
    """
    if text in ("", "-"):
        return ROOT
    if not _PATH.fullmatch(text):
        raise BadRequest(f"{text[:80]!r} is no path of a node; paths look like 0 or 0.2.1.")
    return text


def task_id(run_id: str, path: str, attempt: int) -> str:
    """The Celery task id of one attempt: the same whoever computes it, and whenever."""
    if path == ROOT:
        return run_id
    return str(uuid.uuid5(_NAMESPACE, f"{run_id}/{path}/{attempt}"))
