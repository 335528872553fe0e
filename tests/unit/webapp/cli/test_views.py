"""How a run looks while it moves."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.console import Console

from inception.runs.model import Batch, Snapshot, State
from webapp.cli.run_view import RunView
from webapp.cli.views import JsonLines, LiveTree, PlainLines, tree_of


def meta(**said: Any) -> dict[str, Any]:
    plain = {"iteration": 0, "total": None, "completion": 0.0, "status": "OK", "message": ""}
    return {**plain, "error": None, **said}


def node(path: str, state: State = State.STARTED, **said: Any) -> Any:
    about = {"path": path, "name": "tasks.count", "label": "count", "attempt": 1, "waiting": None}
    return {**about, "state": state, "meta": meta(**said)}


def run(state: State = State.STARTED, **said: Any) -> Any:
    about = {"id": "r1", "name": "tasks.both", "label": None, "started_at": 0, "finalized_at": 1500}
    return {**about, "state": state, "meta": meta(**said)}


def snapshot(*nodes: Any) -> Snapshot:
    return Snapshot(epoch="e", seq=1, run=run(), nodes=list(nodes), complete=True)


def batch(*records: Any) -> Batch:
    events = [
        {"seq": seq, "at": 0, "node" if "path" in record else "run": record}
        for seq, record in enumerate(records, start=2)
    ]
    return Batch({"run_id": "r1", "epoch": "e", "from": 1, "to": 9, "events": events})  # type: ignore[typeddict-item]


def test_each_new_state_is_a_line_and_progress_once_a_second(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = [0.0]
    view = PlainLines(clock=lambda: now[0])
    view.show(snapshot(node("0", State.PROGRESS, completion=10.0)))
    view.show(batch(node("0", State.PROGRESS, completion=20.0)))
    now[0] = 1.0
    view.show(batch(node("0", State.PROGRESS, completion=30.0)))
    view.show(batch(node("0", State.SUCCESS, completion=100.0), run(State.SUCCESS)))
    view.close()

    lines = capsys.readouterr().out.splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "0 PROGRESS 10 % count",
        "- STARTED 0 % tasks.both",
        "0 PROGRESS 30 % count",
        "0 SUCCESS 100 % count",
        "- SUCCESS 0 % tasks.both",
        "r1 SUCCESS after 1.5s",
    ]


def test_lines_of_json_are_the_snapshot_and_then_the_events(
    capsys: pytest.CaptureFixture[str],
) -> None:
    view, change = JsonLines(), batch(run(State.SUCCESS))
    view.show(snapshot())
    view.show(change)
    view.close()

    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first == {"snapshot": snapshot()}
    assert second == change["events"][0]


def test_what_a_task_says_is_not_read_as_markup() -> None:
    view = RunView()
    list(view.apply(snapshot(node("0", message="[red]not red[/nonsense]"))))
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(tree_of(view, 10))
    assert "[red]not red[/nonsense]" in console.export_text()


def test_where_not_all_fit_those_at_work_are_shown_with_what_they_are_under() -> None:
    view = RunView()
    done = [node(f"0.{number}", State.SUCCESS) for number in range(20)]
    list(view.apply(snapshot(node("0"), *done, node("0.20"), node("1", State.FAILURE))))
    shown, left_out = view.rows(4)
    assert [each["path"] for each in shown] == ["0", "0.0", "0.20", "1"]
    assert left_out == 19


def test_the_tree_never_grows_beyond_the_terminal() -> None:
    console = Console(width=120, height=10, record=True, force_terminal=True, file=io.StringIO())
    tree = LiveTree(console)
    tree.show(snapshot(*(node(str(number)) for number in range(100))))
    tree.close()
    assert "and 94 more" in console.export_text()
