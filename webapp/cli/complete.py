"""The group with all its commands, and a Flask app that carries it for `flask runs …`."""

from __future__ import annotations

from typing import Final

import click
from flask import Flask

from webapp.cli import runs
from webapp.cli.access import audit, secret_keys, tokens, users
from webapp.cli.acting import rerun, retry, revoke, rm, start, watch
from webapp.cli.doctor import doctor
from webapp.cli.looking import completion, ls, parents, show, workers

COMMANDS: Final[tuple[click.Command, ...]] = (
    parents, start, watch, ls, show, revoke, retry, rerun, rm, workers, doctor, completion,
    users, tokens, audit, secret_keys,
)  # fmt: skip
"""Every command and group under `runs`, those of other packages of the web too."""


def complete_group() -> click.Group:
    """The group `runs` with all its commands."""
    for command in COMMANDS:
        runs.add_command(command)
    return runs


def command_line_app() -> Flask:
    """An app without routes: what `flask` asks for before it runs a command."""
    app = Flask("webapp.cli")
    app.cli.add_command(complete_group())
    return app
