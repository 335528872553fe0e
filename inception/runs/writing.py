"""What a run's owner writes: progress, steps, attempts and ends, each fenced by its token.

Every call carries the number of its operation, rising by the caller's count for one token: one
that was done already answers as it did then. So an answer that was lost is asked for once more
right here, and a caller may do so again after StoreUnavailable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from inception.runs import keys, recordtext
from inception.runs.errors import (
    AttemptEnded,
    HistoryLost,
    RunNotFound,
    SpawnRefused,
    StaleToken,
    StepGoesOn,
    TooManyNodes,
)
from inception.runs.meta import empty_meta
from inception.runs.model import MAX_NODES, Attempt, State
from inception.runs.records import (
    Ended,
    EndedUnclaimed,
    Fields,
    Lease,
    NewStep,
    ResultWord,
    Stopped,
    Written,
)
from inception.runs.scripts import Scripts, result_words

_RESTARTED: Final = (
    "task_id", "name", "label", "kind", "queue", "meta", "args", "kwargs", "value", "traceback",
)  # fmt: skip
"""What a step that starts anew says again; its attempts and times are the script's."""


class Writing(Scripts):
    """Writes a run for its owner. All raise StaleToken once it is another's, and RunNotFound.

    HistoryLost, a StaleToken too, is raised if Redis was started again without something that it
    had acknowledged to this lease: nothing more may be built on that, and the run is taken anew.
    """

    def write(
        self, lease: Lease, op: int, nodes: Mapping[str, Fields], run: Fields | None
    ) -> Written:
        """Merge patches into nodes and into the run, as one step.

        Nodes that are final stay as they are and come back as `refused`, and no run ends here.
        Under a revoke a state that isn't final becomes REVOKING, and a parent that would end
        otherwise than as REVOKED comes back as `revoked`, left as it is.
        """
        words = [*recordtext.arguments_of(run or {}), *_patches(nodes)]
        answer = self._as_owner("write", lease, op, words)
        refused, revoked = _lists(answer[3:], 2)
        return Written(seq=int(answer[1]), epoch=answer[2], refused=refused, revoked=revoked)

    def spawn(
        self,
        lease: Lease,
        op: int,
        steps: Sequence[NewStep],
        run: Fields | None = None,
        nodes: Mapping[str, Fields] | None = None,
    ) -> Written:
        """Record steps and their nodes before the children are sent; known steps are left alone.

        Letters of the steps that are new are pushed with their record.

        Before that merge patches into nodes and into the run, as `write` does. Raises SpawnRefused
        under a revoke and TooManyNodes, both with nothing written.
        """
        queues = sorted({letter.queue for step in steps for letter in step.letters})
        words = [*recordtext.arguments_of(run or {}), *_patches(nodes or {}), len(steps)]
        for step in steps:
            words += (*_entry(step), *recordtext.arguments_of(_node_of(step)), len(step.letters))
            for letter in step.letters:
                words += (queues.index(letter.queue), letter.text)
        answer = self._as_owner("spawn", lease, op, words, *queues)
        refused, revoked = _lists(answer[3:], 2)
        return Written(seq=int(answer[1]), epoch=answer[2], refused=refused, revoked=revoked)

    def record_value(self, lease: Lease, op: int, key: str, text: str) -> str:
        """Record a value (JSON text) in the journal; returns what is recorded, ours or earlier."""
        recorded: str = self._as_owner("record_value", lease, op, [key, text])[1]
        return recorded

    def end_unclaimed(self, lease: Lease, op: int, nodes: Mapping[str, Fields]) -> EndedUnclaimed:
        """Write ends to those nodes that no worker has claimed; the others are `skipped`."""
        answer = self._as_owner("end_unclaimed", lease, op, _patches(nodes))
        refused, skipped = _lists(answer[3:], 2)
        return EndedUnclaimed(seq=int(answer[1]), epoch=answer[2], refused=refused, skipped=skipped)

    def stop_steps(
        self, lease: Lease, op: int, paths: Sequence[str], *, reason: str, end: Fields
    ) -> Stopped:
        """Stop steps on behalf of their parent: `end` those that no worker has claimed.

        The others have a revoke asked for on them, as by `request_revoke`.
        """
        words = [recordtext.raw(reason), *recordtext.arguments_of(end), len(paths), *paths]
        answer = self._as_owner("stop_steps", lease, op, words)
        asked, ended = _lists(answer[3:], 2)
        return Stopped(seq=int(answer[1]), epoch=answer[2], asked=asked, ended=ended)

    def new_attempt(
        self, lease: Lease, op: int, path: str, *, task_id: str, lost: Attempt, max_losses: int
    ) -> int | None:
        """Start the node's next attempt and return its number; `lost` is how the last one ended.

        None if it was lost `max_losses` times before, or has ended. Raises SpawnRefused under a
        revoke, and AttemptEnded if the last one is said to be lost and has recorded another end.
        """
        earlier = [recordtext.raw(lost), lost["state"]]
        words: list[str | int] = [path, recordtext.raw(task_id), *earlier, max_losses]
        answer = self._as_owner("new_attempt", lease, op, words)
        if answer[0] == "ended":
            raise AttemptEnded(f"An attempt at {path} in run {lease.run_id} has ended after all.")
        return int(answer[1]) if answer[0] == "ok" else None

    def restart_step(self, lease: Lease, op: int, step: NewStep, *, earlier: Attempt | None) -> int:
        """Start a recorded step as another one, in its place; return its attempt.

        What is recorded under it is forgotten. `earlier` is how its last attempt ended, None if
        that was never begun. Raises SpawnRefused under a revoke, StepGoesOn if a worker has it in
        hand.
        """
        fields = _node_of(step)
        patch = {name: fields[name] for name in _RESTARTED}
        words: list[str | int] = [step.path, *_entry(step)]
        words += ("" if earlier is None else recordtext.raw(earlier),)
        words += recordtext.arguments_of(patch)
        answer = self._as_owner("restart_step", lease, op, words)
        return int(answer[1])

    def end_run(
        self,
        lease: Lease,
        op: int,
        state: State,
        run: Fields,
        nodes: Mapping[str, Fields] | None = None,
        word: ResultWord | None = None,
    ) -> Ended:
        """End the run; refused while nodes go on, and other ends than REVOKED under a revoke.

        Before that merge patches into nodes, as `write` does, refused or not. `word` is said on
        Celery's result channel in the same step, if the run ends.
        """
        key, result = result_words(word)
        words = [state, *result, *recordtext.arguments_of(run), *_patches(nodes or {})]
        answer = self._as_owner("end_run", lease, op, words, keys.owned(lease.owner), *key)
        waiting_for, refused, revoked = _lists(answer[4:], 3)
        return Ended(
            seq=int(answer[1]),
            epoch=answer[2],
            refused=refused,
            revoked=revoked,
            state=State(answer[3]),
            waiting_for=waiting_for,
            must_revoke=answer[0] == "must_revoke",
        )

    def _as_owner(
        self, name: str, lease: Lease, op: int, words: Iterable[str | int], *more_keys: str
    ) -> list[Any]:
        fence = [lease.run_id, lease.owner, lease.token, f"{op}/{lease.acknowledged.op}"]
        names = [*keys.of_run(lease.run_id), *more_keys]
        answer = self._run_again_if_lost(name, names, [*fence, *words])
        _raise_refusal(answer[0], lease)
        if answer[0] == "ok":
            lease.acknowledged.op = max(op, lease.acknowledged.op)
        return answer


def _raise_refusal(word: str, lease: Lease) -> None:
    if word == "stale":
        raise StaleToken(f"Run {lease.run_id} isn't {lease.owner}'s any more.")
    if word == "lost":
        raise HistoryLost(f"Redis has lost what {lease.owner} recorded of run {lease.run_id}.")
    if word == "gone":
        raise RunNotFound(f"There is no run {lease.run_id} (any more).")
    if word == "going_on":
        raise StepGoesOn(f"A step of run {lease.run_id} goes on and can't be set aside.")
    if word == "revoked":
        raise SpawnRefused(f"Run {lease.run_id} is being revoked; no step starts in it.")
    if word == "too_many":
        raise TooManyNodes(f"Run {lease.run_id} would have more than {MAX_NODES:,} nodes.")


def _lists(words: Sequence[str], count: int) -> list[tuple[str, ...]]:
    """Read `count` lists of paths, and before each but the last one how long it is."""
    lists = []
    for _ in range(count - 1):
        end = 1 + int(words[0])
        lists.append(tuple(words[1:end]))
        words = words[end:]
    return [*lists, tuple(words)]


def _entry(step: NewStep) -> tuple[str | int, str | int]:
    """What the journal holds of a step, and its retries."""
    return f"{step.digest} {step.name}", step.retries


def _patches(nodes: Mapping[str, Fields]) -> list[str | int]:
    """Patches of nodes as the scripts read them: their number, then path and patch of each."""
    words: list[str | int] = [len(nodes)]
    for path, fields in nodes.items():
        words += (path, *recordtext.arguments_of(fields))
    return words


_PENDING: Final = recordtext.patch(state=State.PENDING, meta=empty_meta())
_NOT_BEGUN: Final = recordtext.patch(attempt=1, attempts=[], worker=None)
_NO_CHILDREN: Final = recordtext.patch(waiting=None, children=0)
_NOT_ENDED: Final = recordtext.patch(
    queued_at=None, started_at=None, finalized_at=None, value=None, traceback=None, omitted=[]
)
"""Encoded once: parents start many a child."""


def _node_of(step: NewStep) -> Fields:
    """The step's node in the protocol's order; what the script decides is a placeholder."""
    raw = recordtext.raw
    meta = _PENDING["meta"] if step.meta is None else raw(step.meta)
    return {
        "path": raw(step.path),
        "parent": raw(step.parent),
        "task_id": raw(step.task_id),
        "name": raw(step.name),
        "label": raw(step.label),
        "kind": raw(step.kind),
        "state": _PENDING["state"],
        "meta": meta,
        **_NOT_BEGUN,
        "queue": raw(step.queue),
        **_NO_CHILDREN,
        "args": step.args_text,
        "kwargs": step.kwargs_text,
        **_NOT_ENDED,
    }
