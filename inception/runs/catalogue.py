"""Which parents can be started: workers write it when they start, the web reads it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from inception.runs import keys, recordtext
from inception.runs.errors import ParentNotFound
from inception.runs.model import ListedParent, Parent, RecentEnd
from inception.runs.scripts import Scripts, refusals_as_errors


class Catalogue(Scripts):
    """Writes and reads the parents that workers have announced."""

    def write_catalogue(self, parents: Sequence[Parent]) -> None:
        """Announce parents; those of the same name are replaced, the others stay."""
        if not parents:
            return
        texts = {parent["name"]: recordtext.raw(parent) for parent in parents}
        with refusals_as_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.hset(keys.CATALOGUE, mapping=texts)
            pipe.publish(keys.ALL_WATCHERS_CHANNEL, '{"kind":"parents"}')
            pipe.execute()

    def read_catalogue(self) -> list[Parent]:
        """All announced parents, by name."""
        with refusals_as_errors():
            found = cast("dict[str, str]", self._client.hgetall(keys.CATALOGUE))
        return [json.loads(found[name]) for name in sorted(found)]

    def list_parents(self) -> list[ListedParent]:
        """All announced parents with how their latest runs ended. Two round trips."""
        parents = self.read_catalogue()
        recent = self.recent_ends([parent["name"] for parent in parents])
        return [ListedParent(**each, recent=recent[each["name"]]) for each in parents]

    def recent_ends(self, names: Sequence[str]) -> dict[str, list[RecentEnd]]:
        """How the latest runs of each of these parents ended, newest first."""
        with refusals_as_errors(), self._client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.lrange(keys.ends(name), 0, -1)
            found: list[list[Any]] = pipe.execute()
        ends = [[json.loads(text) for text in texts] for texts in found]
        return dict(zip(names, ends, strict=True))

    def read_parent(self, name: str) -> Parent:
        """One parent. Raises ParentNotFound."""
        with refusals_as_errors():
            text = cast("str | None", self._client.hget(keys.CATALOGUE, name))
        if text is None:
            raise ParentNotFound(f"No worker has announced a parent named {name!r}.")
        parent: Parent = json.loads(text)
        return parent
