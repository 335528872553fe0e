"""Runs: start, list, read, revoke, retry, start again, delete."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, request, url_for
from pydantic import Field, TypeAdapter

from inception.runs.model import Batch, Run, Snapshot
from webapp import actions
from webapp.payloads import (
    Filter,
    IdempotencyKey,
    ListRuns,
    Nothing,
    Payload,
    Rerun,
    Revoke,
    Start,
    check_run_id,
    read_body,
    read_query,
)
from webapp.relay.run_lists import ListAnswer
from webapp.services import services

runs = Blueprint("runs", __name__)

_KEY: TypeAdapter[str | None] = TypeAdapter(IdempotencyKey | None)


class ReadEvents(Payload):
    """From where on."""

    epoch: Annotated[str, Field(max_length=200)]
    since: Annotated[int, Field(ge=0)]


@runs.post("/runs")
def start_run() -> tuple[Run, int, dict[str, str]]:
    """Start a run; the same `Idempotency-Key` again answers with the same one."""
    wanted = read_body(request, Start)
    key = _KEY.validate_python(request.headers.get("Idempotency-Key"))
    created = actions.start(services(), wanted, key)
    address = url_for("runs.read_snapshot", run_id=created.run["id"])
    return created.run, 200 if created.existing else 201, {"Location": address}


@runs.get("/runs")
def list_runs() -> ListAnswer:
    """A page of runs, newest first."""
    wanted = read_query(request.args, ListRuns)
    found, after = services().store.list_runs(wanted.as_run_filter(), wanted.limit, wanted.cursor)
    return {"runs": found, "next": after}


@runs.get("/runs/counts")
def count_runs() -> dict[str, dict[str, int]]:
    """How many runs are in each state."""
    wanted = read_query(request.args, Filter)
    return {"counts": services().store.count_runs(wanted.as_run_filter())}


@runs.get("/runs/<run_id>")
def read_snapshot(run_id: str) -> Snapshot:
    """A whole run as of a seq."""
    return services().store.snapshot(check_run_id(run_id))


@runs.get("/runs/<run_id>/events")
def read_events(run_id: str) -> Batch:
    """What changed since a seq."""
    wanted = read_query(request.args, ReadEvents)
    return services().store.events_since(check_run_id(run_id), wanted.epoch, wanted.since)


@runs.post("/runs/<run_id>/revoke")
def revoke_run(run_id: str) -> tuple[Run, int]:
    """Ask a run, or one branch of it, to stop."""
    wanted = read_body(request, Revoke)
    return actions.revoke(services(), check_run_id(run_id), wanted), 202


@runs.post("/runs/<run_id>/retry")
def retry_run(run_id: str) -> tuple[Run, int]:
    """Let an ended run go on; what succeeded is kept."""
    read_body(request, Nothing)
    return actions.retry(services(), check_run_id(run_id)), 202


@runs.post("/runs/<run_id>/rerun")
def rerun_run(run_id: str) -> tuple[Run, int, dict[str, str]]:
    """Start the same again as a new run."""
    wanted = read_body(request, Rerun)
    run = actions.rerun(services(), check_run_id(run_id), wanted)
    return run, 201, {"Location": url_for("runs.read_snapshot", run_id=run["id"])}


@runs.delete("/runs/<run_id>")
def delete_run(run_id: str) -> tuple[str, int]:
    """Remove an ended run and everything recorded of it."""
    read_body(request, Nothing)
    actions.delete(services(), check_run_id(run_id))
    return "", 204
