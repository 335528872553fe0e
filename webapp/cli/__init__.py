"""The command line: `flask runs …`, or `./runs …` for short.

It speaks to Redis through `inception.runs`, as the web does, and needs no web process. The group
is here; each command is in a module of its own, which `webapp.cli.complete` brings in.
"""

from __future__ import annotations

import click


@click.group(name="runs", context_settings={"help_option_names": ["-h", "--help"]})
def runs() -> None:
    """Start runs, watch them live, and look after them."""
