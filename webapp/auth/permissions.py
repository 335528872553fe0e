"""What each endpoint and each socket event takes. What isn't listed here is refused to everybody.

A new endpoint or event needs one row, and a test that asks all of them as each role finds the one
without. Where the payload decides (a bulk action may delete), the row names the least and the code
calls `webapp.auth.require` for the rest. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from webapp.auth.roles import Role, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What it takes. `role` None: nothing, strangers may.

    `of_run`: the read token of a run suffices where the request names that run as `run_id`.
    """

    role: Role | None
    of_run: bool = False

    def permits(self, user: User, run_id: str | None = None) -> bool:
        """True if that user may ask this of that run, or of no run in particular."""
        if self.role is None:
            return True
        if user.run_id is not None:
            return self.of_run and run_id == user.run_id
        return user.role.covers(self.role)


OPEN: Final = Right(role=None)
READ: Final = Right(role=Role.VIEWER)
READ_RUN: Final = Right(role=Role.VIEWER, of_run=True)
OPERATE: Final = Right(role=Role.OPERATOR)
ADMINISTER: Final = Right(role=Role.ADMIN)

ENDPOINTS: Final[Mapping[str, Right]] = {
    # No secrets, and what a monitor asks before anybody could sign in.
    "static": OPEN,
    "health.healthz": OPEN,
    "health.readyz": OPEN,
    "metrics.read_metrics": READ,
    "auth.signin": OPEN,
    "auth.sign_in": OPEN,
    "auth.sign_out": READ,
    # Shells of pages: what is in them comes over REST and the socket.
    "pages.runs": READ,
    "pages.run": READ,
    "pages.revoke": OPERATE,  # the form of a page without scripts
    "pages.start": READ,
    "pages.workers": READ,
    "pages.docs": READ,
    "parents.list_parents": READ,
    "workers.read_workers": READ,
    "openapi.read_openapi": READ,
    "bulk.start_bulk": OPERATE,  # to delete it takes more, which the call itself asks for
    "bulk.read_bulk": READ,
    "runs.list_runs": READ,
    "runs.count_runs": READ,
    "runs.read_snapshot": READ_RUN,
    "runs.read_events": READ_RUN,
    "nodes.list_nodes": READ_RUN,
    "nodes.read_node": READ_RUN,
    "nodes.read_node_log": READ_RUN,
    "runs.start_run": OPERATE,
    "runs.revoke_run": OPERATE,
    "runs.retry_run": OPERATE,
    "runs.rerun_run": OPERATE,
    "runs.describe_run": OPERATE,
    "runs.delete_run": ADMINISTER,
    "tokens.give_run_token": ADMINISTER,
}
"""By Flask's name of the endpoint."""

EVENTS: Final[Mapping[str, Right]] = {
    "watch": READ_RUN,
    "unwatch": READ_RUN,
    "watch_log": READ_RUN,
    "unwatch_log": READ_RUN,
    "watch_runs": READ,
    "unwatch_runs": READ,
    "watch_workers": READ,
    "unwatch_workers": READ,
    "watch_bulk": READ,
    "unwatch_bulk": READ,
    "start": OPERATE,
    "revoke": OPERATE,
    "retry": OPERATE,
    "rerun": OPERATE,
}
"""By the name of the Socket.IO event."""
