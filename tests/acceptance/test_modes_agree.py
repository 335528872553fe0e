"""Test mode promises that a parent's logic sees what it would see live: here both run."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.acceptance import authored_tasks
from tests.acceptance.conftest import Stack, start_stack
from tests.acceptance.viewer import Viewer

PARENTS = [
    "steps_and_handles", "values_from_json", "every_ending", "retried", "celerys_form",
    "a_few_at_a_time", "recorded_verbs", "refusals", "own_meta", "nested_outcomes",
]  # fmt: skip


@pytest.fixture(scope="module")
def authored(tmp_path_factory: pytest.TempPathFactory, server_available: None) -> Iterator[Stack]:
    """An application that knows the parents of this test."""
    state_dir = tmp_path_factory.mktemp("authored") / "state"
    stack = start_stack(state_dir, INCEPTION_TASKS=authored_tasks.__name__)
    yield stack
    stack.application.end()


@pytest.fixture(scope="module")
def looker(authored: Stack) -> Iterator[Viewer]:
    viewer = Viewer(authored.url)
    yield viewer
    viewer.close()


@pytest.mark.parametrize("name", PARENTS)
def test_a_parent_returns_the_same_live_as_when_it_is_called(looker: Viewer, name: str) -> None:
    called = getattr(authored_tasks, name)()

    run_id = looker.start(f"{authored_tasks.__name__}.{name}")
    live = looker.wait_for_end(run_id).run

    assert live["meta"]["error"] is None
    assert live["value"] == json.loads(json.dumps(called))
