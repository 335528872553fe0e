"""Read tokens: words that show one run to whoever has them, and nothing else."""

from __future__ import annotations

from typing import Annotated, Final

from flask import Blueprint
from pydantic import Field
from typing_extensions import TypedDict

from webapp.auth import current_user
from webapp.auth.gate import gate
from webapp.openapi.operations import operation
from webapp.payloads import AS_INTEGER, Payload, RunId
from webapp.services import services

tokens = Blueprint("tokens", __name__)

MAX_LIFETIME: Final = 365 * 24 * 3600
"""Seconds (s)."""


class GiveRunToken(Payload):
    """For how long, in seconds (s)."""

    expires_in: Annotated[int, Field(ge=1, le=MAX_LIFETIME, examples=[3600]), AS_INTEGER]


class RunToken(TypedDict):
    """The token, shown this once; `id` takes it back; `expires_at` in ms since the epoch."""

    token: str
    id: str
    expires_at: int | None


@tokens.post("/runs/<run_id>/tokens")
@operation(status=201, errors=("run_not_found", "too_many_requests"))
def give_run_token(run_id: RunId, body: GiveRunToken) -> RunToken:
    """Give away a token that reads this run and nothing else."""
    services().store.read_run(run_id)
    word, grant = gate().door.give_run_token(
        run_id, lifetime=body.expires_in, by=current_user().name
    )
    return {"token": word, "id": grant.id, "expires_at": grant.expires_at}
