"""What anybody may ask without holding a run: create, describe, revoke, delete.

Each is guarded by the state it needs, inside its script.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

from inception.runs import jsontext, keys, recordtext
from inception.runs.errors import (
    AlreadyRunning,
    BadRequest,
    IdempotencyKeyReused,
    NodeAlreadyEnded,
    NodeNotFound,
    RunAlreadyEnded,
    RunNotEnded,
    RunNotFound,
)
from inception.runs.meta import empty_meta
from inception.runs.model import MAX_LABEL_CHARACTERS, MAX_TAGS, Run, RunDescription, State
from inception.runs.paths import parse_path
from inception.runs.records import Created, Fields, NewRun
from inception.runs.scripts import Scripts, refusals_as_errors

IDEMPOTENCY_SECONDS: Final = 24 * 3600
"""Seconds (s) for which an idempotency key stands for its run."""
_ID: Final = re.compile(r"[A-Za-z0-9._:@+-]{1,200}")
_LONGEST_TAG: Final = 100
_LONGEST_KEY: Final = 200


class Submissions(Scripts):
    """Creates, revokes and deletes runs."""

    def create_run(self, new: NewRun) -> Created:
        """Record a run as PENDING; its message is sent after this.

        An id or an idempotency key that has its run already answers with that run. Raises
        BadRequest, TooLarge or NotJson for what can't be recorded, IdempotencyKeyReused for a
        key that was used with other arguments within 24 h, AlreadyRunning where the parent's
        limits refuse it.
        """
        fields = _record_of(new)
        names = [*keys.of_run(new.id), keys.RUNS]
        if new.idempotency_key:
            names.append(keys.idempotency(new.idempotency_key))
        digest = _digest(new.name, fields)
        words: list[str | int] = [new.id, digest, IDEMPOTENCY_SECONDS, new.audit_by or ""]
        words += (new.limits.when_full, _groups_text(new), new.sealed or "")
        answer = self._run("create_run", names, [*words, *recordtext.arguments_of(fields)])
        if answer[0] == "full":
            raise AlreadyRunning(
                f"{new.name} lets no more runs in: {answer[1]} goes on. Wait for its end, or "
                "revoke it."
            )
        if answer[0] == "reused":
            raise IdempotencyKeyReused(
                f"The idempotency key {new.idempotency_key!r} has started another run within "
                "the last 24 h; draw a new key for other arguments."
            )
        return Created(
            run=recordtext.run_of(answer[1]),
            existing=answer[0] == "existing",
            waits=answer[0] == "waits",
        )

    def run_exists(self, run_id: str) -> bool:
        """True if the run is recorded."""
        with refusals_as_errors():
            return bool(self._client.exists(keys.run(run_id)))

    def describe_run(self, run_id: str, changes: RunDescription, *, by: str) -> Run:
        """Give a run another label or other tags; return it as it is now.

        Raises RunNotFound, and BadRequest for what can't be recorded.
        """
        if "label" in changes:
            _check_label(changes["label"])
        if "tags" in changes:
            _check_tags(changes["tags"])
        words = [by, *recordtext.arguments_of(recordtext.patch(**changes))]
        answer = self._run_again_if_lost("describe_run", keys.of_run(run_id), words)
        if answer[0] == "gone":
            raise RunNotFound(f"There is no run {run_id}.")
        return recordtext.run_of(answer[1])

    def request_revoke(
        self,
        run_id: str,
        path: str,
        *,
        by: str,
        reason: str | None,
        noted: bool = False,
    ) -> Run:
        """Ask the run, or the part of it at `path`, to stop; return the run as it is now.

        With `noted` it goes on the audit list. Asking again is no error and changes nothing.
        Raises RunNotFound, NodeNotFound, RunAlreadyEnded, NodeAlreadyEnded.
        """
        path = parse_path(path)
        words = [recordtext.raw(word) for word in (by, reason)]
        answer, repeated = self._run_until_answered(
            "request_revoke",
            keys.of_run(run_id),
            [recordtext.raw(run_id), path, *words, by if noted else ""],
        )
        if answer[0] == "ok":
            return recordtext.run_of(answer[1])
        if repeated and answer[0] in ("ended", "node_ended") and _is_of(answer[1], by, reason):
            return recordtext.run_of(answer[2])  # what was asked for first has ended it
        raise {
            "gone": RunNotFound(f"There is no run {run_id}."),
            "no_node": NodeNotFound(f"Run {run_id} has no node {path}."),
            "ended": RunAlreadyEnded(f"Run {run_id} has ended; there is nothing to revoke."),
            "node_ended": NodeAlreadyEnded(f"Node {path} of run {run_id} has ended already."),
        }[answer[0]]

    def delete_run(self, run_id: str, *, by: str | None = None) -> None:
        """Delete an ended run with all that is kept of it; `by` goes on the audit list.

        Raises RunNotFound, RunNotEnded.
        """
        names = [*keys.of_run(run_id), keys.RUNS, keys.logs(run_id)]
        answer = self._run("delete_run", names, [run_id, by or ""])
        if answer[0] == "gone":
            raise RunNotFound(f"There is no run {run_id}.")
        if answer[0] == "not_ended":
            raise RunNotEnded(f"Run {run_id} still goes on; revoke it first.")


def _is_of(intent: str, by: str, reason: str | None) -> bool:
    """True if the recorded revoke (JSON, or empty) is the one that they ask for."""
    known = json.loads(intent or "{}")
    return (known.get("by"), known.get("reason", "")) == (by, reason)


def _groups_text(new: NewRun) -> str:
    """The run's groups as the scripts read them: places and name, one a line."""
    groups = new.limits.groups(new.name, new.kwargs)
    return "".join(f"{group.places} {group.name}\n" for group in groups)


def _record_of(new: NewRun) -> Fields:
    """The new run's record in the protocol's order; what the script decides is a placeholder."""
    _check(new)
    kwargs_text = jsontext.encode(dict(new.kwargs), "kwargs")
    return {
        **recordtext.patch(id=new.id, name=new.name, label=new.label, tags=list(new.tags)),
        "kwargs": kwargs_text,
        **recordtext.patch(
            state=State.PENDING,
            meta=empty_meta(),
            steps=None if new.steps is None else list(new.steps),
            epoch="",
            seq=0,
            created_at=0,
            started_at=None,
            finalized_at=None,
            value=None,
            traceback=None,
            omitted=[],
            revoke=None,
            counts={},
            rerun_of=new.rerun_of,
        ),
    }


def _check(new: NewRun) -> None:
    if not _ID.fullmatch(new.id):
        raise BadRequest(f"{new.id[:80]!r} is no id of a run: letters, digits and ._:@+- only.")
    _check_label(new.label)
    if new.idempotency_key is not None and len(new.idempotency_key) > _LONGEST_KEY:
        raise BadRequest(f"The idempotency key is longer than {_LONGEST_KEY} characters.")
    _check_tags(new.tags)


def _check_tags(tags: Sequence[str]) -> None:
    if len(tags) > MAX_TAGS:
        raise BadRequest(f"A run has at most {MAX_TAGS} tags; these are {len(tags)}.")
    if any(len(tag) > _LONGEST_TAG for tag in tags):
        raise BadRequest(f"A tag is longer than {_LONGEST_TAG} characters.")


def _check_label(label: str | None) -> None:
    if label is not None and len(label) > MAX_LABEL_CHARACTERS:
        raise BadRequest(f"The label is longer than {MAX_LABEL_CHARACTERS} characters.")


def _digest(name: str, fields: Fields) -> str:
    """What an idempotency key stands for: the name and the arguments, whatever the key order."""
    return jsontext.digest([name, fields["label"], fields["tags"]], json.loads(fields["kwargs"]))
