"""A run that ended badly goes on: what succeeded is kept, what failed starts anew."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.viewer import Viewer

ODD = "tests.acceptance.odd_tasks."


def test_a_retry_keeps_finished_steps_also_deep_in_a_nested_parent(viewer: Viewer, tmp_path: Path):
    book, flag = tmp_path / "book", tmp_path / "flag"
    flag.touch()
    run_id = viewer.start(ODD + "fails_deep_down", book=str(book), flag=str(flag))
    failed = viewer.wait_for_end(run_id)
    assert failed.run["state"] == "FAILURE"
    assert "the flag is up" in failed.run["meta"]["error"]
    epoch, last = failed.epoch, failed.seq

    flag.unlink()
    answer = viewer.ask("retry", run_id=run_id)
    assert answer["run"]["state"] == "RETRY"
    seen = viewer.wait(run_id, lambda seen: seen.run["state"] == "SUCCESS", 30, "success")

    assert seen.run["value"] == ["first", "it is down", "last"]
    assert book.read_text().splitlines() == ["first", "inner first", "last"]
    assert (seen.epoch, seen.holes) == (epoch, 0)
    assert seen.seq > last
    assert seen.nodes["1.1"]["attempt"] == 2
    assert seen.nodes["1.1"]["attempts"][0]["state"] == "FAILURE"
    assert seen.nodes["0"]["attempt"] == 1
    assert seen.run["meta"]["completion"] == 100
    assert set(seen.run["counts"]) == {"SUCCESS"}


def test_a_revoked_run_goes_on_after_a_retry(viewer: Viewer):
    run_id = viewer.start(ODD + "watch_one", child="wait", args=[1.5])
    viewer.wait(run_id, lambda seen: "0" in seen.nodes and seen.nodes["0"]["worker"], 20, "runs")
    viewer.revoke(run_id)
    assert viewer.wait_for_end(run_id).run["state"] == "REVOKED"

    viewer.ask("retry", run_id=run_id)
    seen = viewer.wait(run_id, lambda seen: seen.run["state"] == "SUCCESS", 30, "success")

    assert seen.run["revoke"] is None
    assert seen.nodes["0"]["state"] == "SUCCESS"


def test_only_a_run_that_ended_badly_is_retried(viewer: Viewer):
    run_id = viewer.start(ODD + "watch_one", child="wait", args=[1])
    assert viewer.ask("retry", run_id=run_id)["error"]["code"] == "run_not_ended"

    viewer.wait_for_end(run_id)

    assert viewer.ask("retry", run_id=run_id)["error"]["code"] == "run_succeeded"


def test_a_rerun_is_a_new_run_with_the_same_arguments(viewer: Viewer):
    run_id = viewer.start(ODD + "squares", count=3)
    viewer.wait_for_end(run_id)

    again = viewer.ask("rerun", run_id=run_id)["run"]

    assert again["id"] != run_id
    assert again["rerun_of"] == run_id
    viewer.watch(again["id"])
    assert viewer.wait_for_end(again["id"]).run["value"] == 5


def test_a_watch_with_retries_starts_a_failed_child_again(viewer: Viewer, tmp_path: Path):
    flag = tmp_path / "flag"
    flag.touch()
    run_id = viewer.start(
        ODD + "watch_one", child="fail_while", args=[str(flag)], options={"retries": 3}
    )
    viewer.wait(
        run_id,
        lambda seen: "0" in seen.nodes and seen.nodes["0"]["attempt"] > 1,
        20,
        "another attempt",
    )

    flag.unlink()
    seen = viewer.wait_for_end(run_id)

    assert seen.run["value"]["ok"]
    assert {attempt["state"] for attempt in seen.nodes["0"]["attempts"]} == {"FAILURE"}
