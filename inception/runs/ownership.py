"""Who holds which run: taking runs, giving them back, and reading all that is known of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from inception.runs import keys, recordtext
from inception.runs.errors import RunNotFound
from inception.runs.filling import fill_node, fill_run
from inception.runs.model import Node, Revoke
from inception.runs.paths import tree_order
from inception.runs.records import ClaimedRun, ClaimRecord, EndRecord, LoadedRun
from inception.runs.scripts import Scripts, refusals_as_errors

_END = ":end"
_INTENT = "intent:"


class Ownership(Scripts):
    """Takes runs for a process, and gives them back."""

    def claim_run(
        self,
        run_id: str,
        *,
        owner: str,
        token: str,
        from_owner: str = "",
        rescue: bool = False,
        result_key: str | None = None,
    ) -> ClaimedRun | None:
        """Make `owner` hold the run with a fresh random `token`; `rescue` counts as one.

        `result_key` is where Celery's result of the run is kept, if beside it: deleted with it.

        None if the run has ended, is gone, or is held by anybody but `from_owner` (empty: nobody).
        The same owner and token may ask again.
        """
        names = [*keys.of_run(run_id), keys.owned(owner), keys.owned(from_owner)]
        words = [run_id, owner, token, from_owner, "1" if rescue else "0", result_key or ""]
        answer = self._run_again_if_lost("claim_run", names, words)
        if answer[0] != "ok":
            return None
        run = recordtext.run_of(answer[1])
        first, sealed = answer[3] == "1", answer[4] or None
        return ClaimedRun(run=run, rescues=int(answer[2]), first=first, sealed=sealed)

    def load_run(self, run_id: str) -> LoadedRun:
        """Read everything of a run in one step, large fields filled in. Raises RunNotFound."""
        names = [keys.run, keys.nodes, keys.large, keys.journal, keys.claims]
        with refusals_as_errors(), self._client.pipeline(transaction=True) as pipe:
            for name in names:
                pipe.hgetall(name(run_id))
            parts = _Parts(*cast("list[dict[str, str]]", pipe.execute()))
        if not parts.control:
            raise RunNotFound(f"There is no run {run_id}.")
        return parts.loaded()

    def holders(self, run_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Owner and token of each of these runs; both are empty if nobody holds it.

        One round trip. Runs that are gone are left out.
        """
        with refusals_as_errors(), self._client.pipeline(transaction=False) as pipe:
            for run_id in run_ids:
                pipe.hmget(keys.run(run_id), ["owner", "token"])
            found = cast("list[list[str | None]]", pipe.execute())
        return {
            run_id: (owner, token)
            for run_id, (owner, token) in zip(run_ids, found, strict=True)
            if owner is not None and token is not None
        }

    def give_back(self, owner: str, runs: Iterable[tuple[str, str]]) -> int:
        """Hand over all runs of a process that leaves: `runs` are (run id, token) it holds.

        Runs that Redis names as its own besides are given back too. Returns how many were.
        """
        words = [owner, *(word for run in runs for word in run)]
        names = [keys.owned(owner), keys.UNOWNED]
        answer = self._run_again_if_lost("give_back", names, words)
        return int(answer[1])

    def drop_owned(self, owner: str, run_id: str) -> None:
        """Take a run out of a process's set, unless the process does own it."""
        self._run_again_if_lost(
            "drop_owned", [keys.run(run_id), keys.owned(owner)], [run_id, owner]
        )

    def unowned(self, *, older_than_ms: int, limit: int) -> list[str]:
        """Runs that wait for an owner: given back, or created more than `older_than_ms` ago."""
        return self._run_again_if_lost("unowned", [keys.UNOWNED], [older_than_ms, limit])

    def owned(self, process: str) -> set[str]:
        """The runs that Redis names as this process's."""
        with refusals_as_errors():
            return cast("set[str]", self._client.smembers(keys.owned(process)))


@dataclass(frozen=True, slots=True)
class _Parts:
    """A run's hashes as they were read."""

    control: Mapping[str, str]
    nodes: Mapping[str, str]
    large: Mapping[str, str]
    journal: dict[str, str]
    claims: Mapping[str, str]

    def loaded(self) -> LoadedRun:
        control = self.control
        return LoadedRun(
            run=fill_run(recordtext.run_of(control["record"]), self.large),
            epoch=control["epoch"],
            seq=int(control["seq"]),
            nodes=self._nodes(),
            journal=self.journal,
            claims=self._claims(),
            ends=self._ends(),
            intents=self._intents(),
            owner=control["owner"],
            token=control["token"],
            op=int(control["op"]),
            rescues=int(control["rescues"]),
        )

    def _nodes(self) -> list[Node]:
        texts = (self.nodes[path] for path in sorted(self.nodes, key=tree_order))
        return [fill_node(recordtext.node_of(text), self.large) for text in texts]

    def _claims(self) -> dict[str, ClaimRecord]:
        texts = self.claims.items()
        return {path: recordtext.claim_of(text) for path, text in texts if _END not in path}

    def _ends(self) -> dict[str, EndRecord]:
        texts = self.claims.items()
        return {
            path.removesuffix(_END): recordtext.end_of(text)
            for path, text in texts
            if path.endswith(_END)
        }

    def _intents(self) -> dict[str, Revoke]:
        texts = self.control.items()
        return {
            name.removeprefix(_INTENT): recordtext.revoke_of(text)
            for name, text in texts
            if name.startswith(_INTENT)
        }
