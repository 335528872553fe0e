"""A workflow of DBOS Transact that waits for queued child workflows one after the other.

Its store is its default one. Prints the seconds (s) a step, as `python -m ... COUNT FOLDER`.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from dbos import DBOS, DBOSConfig

QUEUE = "bench"


@DBOS.workflow()
def nothing() -> int:
    """End at once."""
    return 1


@DBOS.workflow()
def in_sequence(count: int) -> int:
    """Wait for queued children one after the other."""
    return sum(DBOS.enqueue_workflow(QUEUE, nothing).get_result() for _ in range(count))


def main(count: int, folder: Path) -> int:
    """Measure `count` steps after a first one, with the store's file in `folder`."""
    os.chdir(folder)
    config: DBOSConfig = {"name": "bench", "log_level": "ERROR"}
    DBOS(config=config)
    DBOS.launch()
    DBOS.register_queue(QUEUE)
    in_sequence(1)
    begun = time.perf_counter()
    in_sequence(count)
    print((time.perf_counter() - begun) / count)
    DBOS.destroy()
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2])))
