from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import threading
from celery import Celery, shared_task
from inception import install

app = Celery("theirs", broker="redis://127.0.0.1:1/0")
install(app)

@shared_task(name="theirs.task")
def task(): ...

found = []
thread = threading.Thread(target=lambda: found.append(task.app))
thread.start()
thread.join()
assert found == [app], found
"""


def test_a_task_that_is_used_in_a_thread_belongs_to_the_installed_app() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=60)
