"""Redis behind Sentinel: a run goes on when its primary is killed and another takes its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import StartApplication
from tests.acceptance.sentinel import Watch
from tests.acceptance.viewer import Viewer
from tests.running import eventually

WITHIN = 60

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def watch(tmp_path: Path, server_available: None) -> Iterator[Watch]:
    watch = Watch(tmp_path / "watch")
    try:
        watch.wait_until_watched()
        yield watch
    finally:
        watch.end()


def test_a_run_outlives_the_primary_that_it_began_on(
    watch: Watch, own_stack: StartApplication
) -> None:
    stack = own_stack(REDIS_URL=watch.url, INCEPTION_HEARTBEAT_TTL="5")
    viewer = Viewer(stack.url)
    run_id = viewer.start("tasks.examples.counting.count_twice", limit=60, delay=0.1)
    viewer.wait(run_id, lambda seen: seen.run["meta"]["iteration"] > 3, WITHIN, "progress")
    epoch = viewer.watch(run_id).epoch

    watch.primary.kill()

    eventually(lambda: watch.present_primary() == watch.ports[1], WITHIN, "another primary")
    ended = viewer.wait_for_end(run_id, 2 * WITHIN)
    viewer.close()
    assert ended.run["state"] == "SUCCESS"
    assert ended.epoch != epoch
    assert [node["attempt"] for node in ended.nodes.values()] == [1, 1]
