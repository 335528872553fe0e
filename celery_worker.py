"""The workers' entrance: `celery -A celery_worker worker`.

Two kinds, one program. What a worker becomes is decided by the queues it consumes:

    celery -A celery_worker worker -Q parents  -P eventlet -c 50   a watcher
    celery -A celery_worker worker -Q children -P prefork          a compute worker

All modules under `tasks/` are imported, and those that INCEPTION_TASKS names.
"""

from __future__ import annotations

import sys
from pathlib import Path

from celery import Celery

from inception import install
from inception.runs.celery_app import CHILDREN_QUEUE
from inception.runs.errors import SettingsError

# The celery command has this folder on its path only while it imports this module (and takes the
# first such entry away again); tasks/ is imported later.
sys.path.append(str(Path(__file__).parent))

app = Celery("inception", task_cls="inception.authoring.task:Task")
# A plain Celery task under tasks/ goes where a compute worker is.
app.conf.task_default_queue = CHILDREN_QUEUE

try:
    install(app, packages=["tasks"])
except SettingsError as error:
    sys.exit(f"inception worker: {error}")
