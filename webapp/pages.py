"""The pages of the dashboard.

What moves in them comes over REST and the socket; the list and a run are also there as plain HTML.
"""

from __future__ import annotations

import tomllib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from inception.runs.errors import RunAlreadyEnded
from webapp import actions
from webapp.auth import Role, signed_in
from webapp.auth.gate import csrf_token, gate
from webapp.auth.roles import LOCAL_USER
from webapp.headers import nonce
from webapp.payloads import Revoke, check_run_id
from webapp.plain import STATE_GROUPS, as_text, as_time, read_list, read_run
from webapp.services import services

pages = Blueprint("pages", __name__)

_MAX_REASON: Final = 500
"""Characters, as many as the dialog takes."""


@pages.get("/")
def runs() -> str:
    """The list of runs; the query of its address narrows it."""
    plain = read_list(request.args)
    return render_template("runs.html", plain=plain, states=STATE_GROUPS, as_time=as_time)


@pages.get("/runs/<run_id>")
def run(run_id: str) -> str:
    """One run; `?node=PATH` opens that node."""
    return render_template(
        "run.html",
        run_id=run_id,
        node_path=request.args.get("node"),
        plain=read_run(run_id),
        as_text=as_text,
        as_time=as_time,
    )


@pages.post("/runs/<run_id>/revoke")
def revoke(run_id: str) -> ResponseReturnValue:
    """What the form of a page without scripts sends; the run's page shows how it went."""
    reason = request.form.get("reason", "").strip()
    wanted = Revoke(reason=reason[:_MAX_REASON] or None)
    with suppress(RunAlreadyEnded):
        actions.revoke(services(), check_run_id(run_id), wanted)
    return redirect(url_for("pages.run", run_id=run_id), 303)


@pages.get("/start")
def start() -> str:
    """The start form; `?name=` chooses the parent."""
    secret_names = services().settings.secret_names
    return render_template("start.html", name=request.args.get("name"), secret_names=secret_names)


@pages.get("/workers")
def workers() -> str:
    """Watchers, compute workers and queues."""
    return render_template("workers.html")


@pages.get("/docs")
def docs() -> str:
    """How to talk to this server."""
    return render_template("docs.html")


@pages.app_context_processor
def _shared() -> dict[str, Any]:
    """What every template is given; no user and no token where nobody signs in."""
    user = signed_in()
    role = _role()
    return {
        "nonce": nonce(),
        "csrf_token": csrf_token(),
        "version": version(),
        "user": None if user is None or user.session is None else user,
        "role": role,
        "may_act": role is not None and role.covers(Role.OPERATOR),
    }


def _role() -> Role | None:
    """What whoever asks may do; None for a stranger where one has to sign in."""
    user = signed_in()
    if user is not None:
        return user.role
    return LOCAL_USER.role if gate().door.users is None else None


@cache
def version() -> str:
    """The version of this checkout."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    number: str = project["project"]["version"]
    return number
