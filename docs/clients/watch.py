"""Watch, start and revoke runs from a Python program, with the client of clients/python.

    pip install ./clients/python
    python docs/clients/watch.py start tasks.examples.counting.count_twice '{"limit": 3}'
    python docs/clients/watch.py watch RUN_ID
    python docs/clients/watch.py revoke RUN_ID "no longer needed"

Prints a line for each change, until the run has ended. INCEPTION_URL is the server's address,
http://127.0.0.1:8000 unless set, INCEPTION_TOKEN the token where people sign in. The exit code is 0
if the run succeeded, 1 if it ended in another way, 2 if the server refused, 130 after Ctrl-C.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable

from inception_client import Client, ClientError, Event, Run, connect


def start(client: Client, name: str, kwargs: str = "{}") -> Run:
    """Start a run."""
    run = client.submit(name, json.loads(kwargs))
    print(f"{client.url}/runs/{run.id}", flush=True)
    return run


def watch(client: Client, run_id: str) -> Run:
    """Watch a run that somebody else started."""
    return client.run(run_id)


def revoke(client: Client, run_id: str, reason: str | None = None) -> Run:
    """Revoke a run and watch it stop."""
    run = client.run(run_id)
    run.revoke(reason=reason)
    return run


def show(event: Event) -> None:
    """Print where a node, or the run, is."""
    said = event.meta["error"] or event.meta["message"]
    line = f"{event.path or 'run':8} {event.state:8} {event.meta['completion']:6.2f} %  {said}"
    print(line.rstrip(), flush=True)


COMMANDS: dict[str, Callable[..., Run]] = {"start": start, "watch": watch, "revoke": revoke}


def main(arguments: list[str]) -> int:
    """Do what the command line says; return the exit code."""
    if len(arguments) < 2 or arguments[0] not in COMMANDS:
        print(__doc__, file=sys.stderr)
        return 2
    url = os.environ.get("INCEPTION_URL", "http://127.0.0.1:8000")
    try:
        with connect(url, os.environ.get("INCEPTION_TOKEN")) as client:
            run = COMMANDS[arguments[0]](client, *arguments[1:])
            for event in run:
                show(event)
            return 0 if run.record["state"] == "SUCCESS" else 1
    except (ClientError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("The run goes on.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
