"""Examples that exist: a parent that can be started, and runs that each call would succeed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inception.runs.errors import StoreUnavailable
from inception.runs.model import Parent, Run, State
from inception.runs.records import RunFilter
from inception.runs.store import Store
from webapp.openapi.operations import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """What is there at the moment: parents, and the newest run by the states that calls need."""

    parents: list[Parent]
    runs: Mapping[str, Run | None]

    def parameter(self, call: str, name: str) -> object:
        """A value with which that call succeeds; None where there is none."""
        run = self.runs.get(call)
        if run is None:
            return None
        known: dict[str, object] = {
            "run_id": run["id"],
            "path": "-",
            "epoch": run["epoch"],
        }
        if call == "read_events":
            known["since"] = run["seq"]
        return known.get(name)

    def body(self, call: str) -> object:
        """A body with which that call succeeds; None where an empty one does."""
        if call != "start_run" or not self.parents:
            return None
        parent = self._startable()
        return {"name": parent["name"], "kwargs": _defaults(parent)}

    def _startable(self) -> Parent:
        """The first parent that needs no arguments, else the first."""
        easy = [each for each in self.parents if not each["schema"].get("required")]
        return (easy or self.parents)[0]


def look(store: Store, calls: Mapping[str, Operation]) -> Examples:
    """Look for examples; none while Redis is away. One read for each set of states."""
    newest: dict[frozenset[State], Run | None] = {}
    try:
        for call in calls.values():
            if call.example_states not in newest:
                newest[call.example_states] = _newest(store, call.example_states)
        parents = store.read_catalogue()
    except StoreUnavailable:
        return Examples(parents=[], runs={})
    return Examples(
        parents=parents, runs={name: newest[call.example_states] for name, call in calls.items()}
    )


def _newest(store: Store, states: frozenset[State]) -> Run | None:
    found, _ = store.list_runs(RunFilter(states=states), 1)
    return found[0] if found else None


def _defaults(parent: Parent) -> dict[str, Any]:
    properties = parent["schema"].get("properties")
    if not isinstance(properties, dict):
        return {}
    return {
        name: schema["default"]
        for name, schema in properties.items()
        if isinstance(schema, dict) and "default" in schema
    }
