"""The web that is polled: `python -m bench.baselines.polled_web PORT`.

`/status/<id>` is the view of a program whose page asks for a task's state once a second;
`/progress/<id>` is celery-progress's own view, whose page asks each 500 ms unless told otherwise.
"""

from __future__ import annotations

import sys
from typing import Any

from celery_progress.backend import Progress
from flask import Flask

from bench.baselines.bare_celery import app as celery_app

web = Flask(__name__)


@web.get("/status/<task_id>")
def status(task_id: str) -> dict[str, Any]:
    """What the task said last."""
    result = celery_app.AsyncResult(task_id)
    return {"state": result.state, "meta": result.info if isinstance(result.info, dict) else {}}


@web.get("/progress/<task_id>")
def progress(task_id: str) -> Any:
    """celery-progress's view (its own is the same line for Django)."""
    return Progress(celery_app.AsyncResult(task_id)).get_info()


if __name__ == "__main__":
    web.run("127.0.0.1", int(sys.argv[1]), threaded=True)
