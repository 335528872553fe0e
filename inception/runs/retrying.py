"""Retry of a run: it goes on under its id, successes kept, the rest started anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inception.runs import keys, recordtext
from inception.runs.errors import RunNotEnded, RunNotFound, RunSucceeded
from inception.runs.meta import empty_meta
from inception.runs.model import ROOT, Attempt, Node, Run, State
from inception.runs.ownership import Ownership
from inception.runs.paths import task_id, tree_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrial:
    """What a retry starts anew: nodes, and in each parent the number of the first of them."""

    nodes: tuple[Node, ...]
    first_steps: dict[str, int]


def plan(nodes: Sequence[Node]) -> Retrial:
    """Choose what starts anew. `nodes` are in tree order; the run has ended badly.

    In each parent that ended badly, the first step that did not succeed and all later ones that
    did not. What is under a parent that succeeded is left alone, whatever became of it. A parent
    that failed by itself, its steps all well, has its first new step after them.
    """
    anew: dict[str, Node] = {}
    first_steps: dict[str, int] = {}
    for node in nodes:
        parent = node["parent"]
        if node["state"] != State.SUCCESS and (parent == ROOT or parent in anew):
            anew[node["path"]] = node
            first_steps.setdefault(parent, tree_order(node["path"])[-1])
    for parent, children in Counter(node["parent"] for node in nodes).items():
        if parent == ROOT or parent in anew:
            first_steps.setdefault(parent, children)
    return Retrial(nodes=tuple(anew.values()), first_steps=first_steps)


class Retrying(Ownership):
    """Retries runs."""

    def retry_run(self, run_id: str, *, by: str) -> Run:
        """Let a run that ended badly go on: what failed starts anew, successes are kept.

        `by` is who asks. Two round trips. Raises RunNotFound, RunNotEnded (also if somebody
        else's retry came first), RunSucceeded.
        """
        loaded = self.load_run(run_id)
        retrial = plan(loaded.nodes)
        words: list[str | int] = [run_id, loaded.seq, by, recordtext.raw(empty_meta())]
        words += (len(retrial.first_steps), *_marks(retrial))
        words += (len(retrial.nodes), *_attempts(run_id, retrial.nodes))
        answer = self._run("retry_run", keys.of_run(run_id), words)
        if answer[0] == "ok":
            return recordtext.run_of(answer[1])
        raise {
            "gone": RunNotFound(f"There is no run {run_id}."),
            "not_ended": RunNotEnded(f"Run {run_id} still goes on; revoke it first."),
            "changed": RunNotEnded(f"Run {run_id} was retried by somebody else just now."),
            "succeeded": RunSucceeded(f"Run {run_id} succeeded; rerun it to have it again."),
        }[answer[0]]


def _marks(retrial: Retrial) -> Iterator[str | int]:
    for path, number in retrial.first_steps.items():
        yield keys.retried(path)
        yield number


def _attempts(run_id: str, nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        yield node["path"]
        yield recordtext.raw(task_id(run_id, node["path"], node["attempt"] + 1))
        yield recordtext.raw(_earlier(node))


def _earlier(node: Node) -> Attempt:
    return Attempt(
        attempt=node["attempt"],
        worker=node["worker"],
        started_at=node["started_at"],
        finalized_at=node["finalized_at"],
        state=node["state"],
        error=node["meta"]["error"],
    )
