"""Runs: start, list, read, revoke, retry, start again, delete."""

from __future__ import annotations

from typing import Annotated, Final

from flask import Blueprint, request, url_for
from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from inception.runs.model import FINAL_STATES, Batch, Run, Snapshot, State
from webapp import actions
from webapp.openapi.operations import Whole, operation
from webapp.payloads import (
    Describe,
    Filter,
    IdempotencyHeader,
    ListRuns,
    Nothing,
    Payload,
    Rerun,
    Revoke,
    RunId,
    Seq,
    Start,
)
from webapp.relay.run_lists import ListAnswer
from webapp.services import services

runs = Blueprint("runs", __name__)

_LOCATION: Final = {"Location": "The address of the run."}
_GOING_ON: Final = frozenset(State) - FINAL_STATES
_ENDED_BADLY: Final = FINAL_STATES - {State.SUCCESS}
_REFUSALS_TO_START: Final = (
    "parent_not_found",
    "invalid_arguments",
    "already_running",
    "secrets_unreadable",
)


class StartHeaders(Payload):
    """The same key again, within 24 h, answers with the same run."""

    model_config = ConfigDict(populate_by_name=True)

    idempotency_key: Annotated[IdempotencyHeader | None, Field(alias="Idempotency-Key")] = None


class SnapshotHeaders(Payload):
    """An `ETag` that was answered before."""

    if_none_match: Annotated[str | None, Field(alias="If-None-Match")] = None


class ReadEvents(Payload):
    """From where on."""

    epoch: Annotated[str, Field(max_length=200)]
    since: Seq


class CountsAnswer(TypedDict):
    """State → number of runs; states without any are left out."""

    counts: dict[State, int]


@runs.post("/runs")
@operation(
    answer=Run,
    status=201,
    also=(200,),
    errors=(*_REFUSALS_TO_START, "idempotency_key_reused"),
    answer_headers=_LOCATION,
)
def start_run(body: Start, headers: StartHeaders) -> Whole:
    """Start a run; the same `Idempotency-Key` again answers 200 with the same one."""
    created = actions.start(services(), body, headers.idempotency_key)
    return dict(created.run), 200 if created.existing else 201, _address(created.run)


@runs.get("/runs")
@operation()
def list_runs(query: ListRuns) -> ListAnswer:
    """A page of runs, newest first."""
    found, after = services().store.list_runs(query.as_run_filter(), query.limit, query.cursor)
    return {"runs": found, "next": after}


@runs.get("/runs/counts")
@operation()
def count_runs(query: Filter) -> CountsAnswer:
    """How many runs are in each state."""
    counts = services().store.count_runs(query.as_run_filter())
    return {"counts": {State(state): number for state, number in counts.items()}}


@runs.get("/runs/<run:run_id>")
@operation(
    answer=Snapshot,
    also=(304,),
    errors=("run_not_found",),
    answer_headers={"ETag": "Of this state of the run; send it as If-None-Match the next time."},
)
def read_snapshot(run_id: RunId, headers: SnapshotHeaders) -> Whole:
    """A whole run as of a seq; 304 if it is as it was at the `ETag` in `If-None-Match`."""
    store = services().store
    if headers.if_none_match is not None:
        tag = _tag(*store.position(run_id))
        if request.if_none_match.contains_weak(tag):
            return "", 304, _tagged(tag)
    snapshot = store.snapshot(run_id)
    return dict(snapshot), 200, _tagged(_tag(snapshot["epoch"], snapshot["seq"]))


@runs.get("/runs/<run_id>/events")
@operation(errors=("run_not_found", "events_gone"))
def read_events(run_id: RunId, query: ReadEvents) -> Batch:
    """What changed since a seq."""
    return services().store.events_since(run_id, query.epoch, query.since)


@runs.patch("/runs/<run:run_id>")
@operation(errors=("run_not_found",))
def describe_run(run_id: RunId, body: Describe) -> Run:
    """Give a run another label or other tags."""
    return actions.describe(services(), run_id, body)


@runs.post("/runs/<run_id>/revoke")
@operation(
    status=202,
    errors=("run_not_found", "node_not_found", "run_already_ended", "node_already_ended"),
    example_states=_GOING_ON,
)
def revoke_run(run_id: RunId, body: Revoke) -> Run:
    """Ask a run, or one branch of it, to stop."""
    return actions.revoke(services(), run_id, body)


@runs.post("/runs/<run_id>/retry")
@operation(
    status=202,
    errors=("run_not_found", "run_not_ended", "run_succeeded"),
    example_states=_ENDED_BADLY,
)
def retry_run(run_id: RunId, body: Nothing) -> Run:  # noqa: ARG001  read, so that it is checked
    """Let an ended run go on; what succeeded is kept."""
    return actions.retry(services(), run_id)


@runs.post("/runs/<run_id>/rerun")
@operation(
    answer=Run,
    status=201,
    errors=("run_not_found", *_REFUSALS_TO_START),
    answer_headers=_LOCATION,
)
def rerun_run(run_id: RunId, body: Rerun) -> Whole:
    """Start the same again as a new run."""
    run = actions.rerun(services(), run_id, body)
    return dict(run), 201, _address(run)


@runs.delete("/runs/<run:run_id>")
@operation(status=204, errors=("run_not_found", "run_not_ended"), example_states=FINAL_STATES)
def delete_run(run_id: RunId, body: Nothing) -> None:  # noqa: ARG001  read, so that it is checked
    """Remove an ended run and everything recorded of it."""
    actions.delete(services(), run_id)


def _address(run: Run) -> dict[str, str]:
    return {"Location": url_for("runs.read_snapshot", run_id=run["id"])}


def _tag(epoch: str, seq: int) -> str:
    return f"{epoch}-{seq}"


def _tagged(tag: str) -> dict[str, str]:
    """Browsers may keep a snapshot, and ask each time whether it still holds."""
    return {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache"}
