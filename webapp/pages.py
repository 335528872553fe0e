"""The shells of the dashboard; what is in them comes over REST and the socket."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, render_template, request

from webapp.auth import signed_in
from webapp.auth.gate import csrf_token
from webapp.headers import nonce

pages = Blueprint("pages", __name__)


@pages.get("/")
def runs() -> str:
    """The list of runs."""
    return render_template("runs.html")


@pages.get("/runs/<run_id>")
def run(run_id: str) -> str:
    """One run; `?node=PATH` opens that node."""
    return render_template("run.html", run_id=run_id, node_path=request.args.get("node"))


@pages.get("/start")
def start() -> str:
    """The start form; `?name=` chooses the parent."""
    return render_template("start.html", name=request.args.get("name"))


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
    shown = None if user is None or user.session is None else user
    return {"nonce": nonce(), "csrf_token": csrf_token(), "version": version(), "user": shown}


@cache
def version() -> str:
    """The version of this checkout."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    number: str = project["project"]["version"]
    return number
