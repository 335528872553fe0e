"""Records as text: JSON with one field a line, so that Lua replaces fields undecoded. Pure.

`fields_of` is what `parse` is in `lua/prelude.lua`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

import msgspec

from inception.runs.model import Meta, Node, Revoke, Run, State
from inception.runs.records import (
    BeatRecord,
    ClaimRecord,
    EndRecord,
    Fields,
)

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))
"""Made once: `json.dumps` would make one for each value, at a multiple of a short word's cost."""
_META_ENCODER: Final = msgspec.json.Encoder()
_KNOWN: Final[Mapping[type[object], frozenset[str]]] = {
    kind: frozenset(field.name for field in fields(kind))
    for kind in (BeatRecord, ClaimRecord, EndRecord)
}
"""What this version knows of each: a newer process beside it may say more, in the middle of an
upgrade."""
_LINE: Final = re.compile(r'\n,?"([A-Za-z_]+)":([^\n]*)')
_DELETE: Final = b"\x7f"
"""The one ASCII character that `raw` escapes and the faster encoder does not."""


def raw(value: object) -> str:
    """`value` as JSON text, for one field of a patch."""
    return _ENCODER.encode(value)


def raw_meta(meta: Meta) -> str:
    """What `raw` makes of a meta, in a third of the time; most writes are one."""
    text = _META_ENCODER.encode(meta)
    return text.decode() if text.isascii() and _DELETE not in text else raw(meta)


def patch(**fields: object) -> dict[str, str]:
    """A patch with each field as JSON text."""
    return {name: raw(value) for name, value in fields.items()}


def fields_of(text: str) -> dict[str, str]:
    """Split a record's text into its fields, their values still JSON text."""
    return dict(_LINE.findall(text))


def arguments_of(fields: Fields) -> list[str | int]:
    """A patch as the scripts read it: the number of fields, then name and value of each."""
    words: list[str | int] = [len(fields)]
    for name, value in fields.items():
        # A line break between JSON's tokens is only white space, but would end the field here.
        words += (name, value.replace("\n", " "))
    return words


def run_of(text: str) -> Run:
    """Read a run's record."""
    run: Run = _decoded(text)
    return run


def node_of(text: str) -> Node:
    """Read a node's record."""
    node: Node = _decoded(text)
    return node


def revoke_of(text: str) -> Revoke:
    """Read a revoke that was asked for."""
    revoke: Revoke = json.loads(text)
    return revoke


def claim_of(text: str) -> ClaimRecord:
    """Read a claim."""
    return ClaimRecord(**_known(ClaimRecord, json.loads(text)))


def end_of(text: str) -> EndRecord:
    """Read the end of an attempt, the value left as JSON text."""
    texts = fields_of(text)
    value_text = texts.pop("value")
    said = _known(EndRecord, {name: json.loads(value) for name, value in texts.items()})
    state = State(said.pop("state"))
    return EndRecord(state=state, value_text=None if value_text == "null" else value_text, **said)


def end_in_message(said: Mapping[str, Any]) -> EndRecord:
    """Read the `end` of an "end" message to the owner, decoded with the rest of the message."""
    rest = {**_known(EndRecord, said), "state": State(said["state"])}
    value = said["value"]
    return EndRecord(value_text=None if value is None else raw(value), **rest)


def beat_of(text: str) -> BeatRecord:
    """Read a process's last beat."""
    said = _known(BeatRecord, json.loads(text))
    said["queues"] = tuple(said["queues"])
    said["running"] = tuple((run, path, attempt) for run, path, attempt, *_ in said["running"])
    return BeatRecord(**said)


def _known(kind: type[object], said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name in _KNOWN[kind]}


def _decoded(text: str) -> Any:
    record = json.loads(text)
    record["state"] = State(record["state"])
    return record
