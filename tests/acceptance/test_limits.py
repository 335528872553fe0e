"""Only so many runs of a parent at once: the others wait in order, or are refused."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.viewer import Viewer, Watched

ODD = "tests.acceptance.odd_tasks."


def begun(seen: Watched) -> bool:
    return seen.run["state"] == "STARTED"


def flag(folder: Path, name: str) -> Path:
    path = folder / name
    path.touch()
    return path


def test_runs_beyond_the_limit_wait_and_are_let_in_as_places_are_left(
    viewer: Viewer, tmp_path: Path
):
    flags = {name: flag(tmp_path, name) for name in ("a1", "a2", "b1", "c1")}
    ids = {
        name: viewer.start(ODD + "for_customer", customer=name[0], flag=str(path))
        for name, path in flags.items()
    }
    viewer.wait(ids["a1"], begun, 20, "a1 begins")
    viewer.wait(ids["b1"], begun, 20, "b1 begins, since a2 waits for a1")
    for name in ("a2", "c1"):
        waiting = viewer.watch(ids[name])
        assert waiting.run["state"] == "PENDING"
        assert "Waiting" in waiting.run["meta"]["message"]

    flags["a1"].unlink()
    viewer.wait(ids["a2"], begun, 20, "a2 is let in before c1, which is younger")
    assert viewer.watch(ids["c1"]).run["state"] == "PENDING"

    viewer.revoke(ids["b1"])
    viewer.wait(ids["c1"], begun, 20, "c1 takes the revoked run's place")
    for name in ("a2", "b1", "c1"):
        flags[name].unlink()
    assert viewer.wait_for_end(ids["c1"]).run["value"] == "c"
    assert viewer.wait_for_end(ids["a2"]).run["state"] == "SUCCESS"


def test_a_waiting_run_is_revoked_at_once(viewer: Viewer, tmp_path: Path):
    first, second = flag(tmp_path, "first"), flag(tmp_path, "second")
    running = viewer.start(ODD + "for_customer", customer="z", flag=str(first))
    waiting = viewer.start(ODD + "for_customer", customer="z", flag=str(second))

    assert viewer.revoke(waiting)["run"]["state"] == "REVOKED"

    first.unlink()
    assert viewer.wait_for_end(running).run["state"] == "SUCCESS"


def test_a_parent_that_refuses_company_says_who_is_there(viewer: Viewer, tmp_path: Path):
    path = flag(tmp_path, "flag")
    run_id = viewer.start(ODD + "alone", flag=str(path))

    answer = viewer.ask("start", name=ODD + "alone", kwargs={"flag": str(path)})

    assert answer["error"]["code"] == "already_running"
    assert run_id in answer["error"]["message"]
    path.unlink()
    viewer.wait_for_end(run_id)
    again = viewer.wait_for_end(viewer.start(ODD + "alone", flag=str(path)))
    assert again.run["value"] == "gone"
