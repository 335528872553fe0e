"""How many runs of a parent may go on at once: `@parent(max_running=3, unique=("customer",))`.

A run holds a *place* in each of its groups from the moment it is recorded (or let in) to its end.
The group of a parent's name has `max_running` places; that of a name with one set of values of the
`unique` arguments has one. A run that finds a group full waits in the order of its creation, or is
refused, as the parent declares. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from inception.runs.model import JsonValue, ParentLimits


class WhenFull(StrEnum):
    """What becomes of a run that finds no place."""

    WAIT = "wait"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Runs that share places: a name, and how many places there are."""

    name: str
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a parent declares. `unique` are names of arguments, with the defaults they have.

    Raises ValueError for a number of places below 1.
    """

    max_running: int | None = None
    unique: Mapping[str, JsonValue] = field(default_factory=dict)
    when_full: WhenFull = WhenFull.WAIT

    def __post_init__(self) -> None:
        if self.max_running is not None and self.max_running < 1:
            raise ValueError(f"max_running is {self.max_running}; it takes a number from 1.")

    @classmethod
    def from_catalogue(cls, said: ParentLimits | None) -> Limits:
        """Read what a worker wrote into the catalogue."""
        if said is None:
            return cls()
        return cls(
            max_running=said["max_running"],
            unique=said["unique"],
            when_full=WhenFull(said["when_full"]),
        )

    def for_catalogue(self) -> ParentLimits | None:
        """What a worker writes into the catalogue; None if nothing is limited."""
        if self.max_running is None and not self.unique:
            return None
        return ParentLimits(
            max_running=self.max_running,
            unique=dict(self.unique),
            when_full=self.when_full.value,
        )

    def groups(self, name: str, kwargs: Mapping[str, JsonValue]) -> Sequence[Group]:
        """The groups that a run of the parent `name` with these arguments belongs to."""
        groups = []
        if self.max_running is not None:
            groups.append(Group(name=name, places=self.max_running))
        if self.unique:
            values = [kwargs.get(key, default) for key, default in sorted(self.unique.items())]
            text = json.dumps(values, sort_keys=True, separators=(",", ":"))
            digest = hashlib.sha256(text.encode()).hexdigest()[:16]
            groups.append(Group(name=f"{name}:{digest}", places=1))
        return groups
