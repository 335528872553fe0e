from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.steps import SetupError, Stamps, Step, first_error, run


class Counting:
    """A step's action that counts how often it was taken."""

    def __init__(self, result: Path) -> None:
        self.times = 0
        self._result = result

    def __call__(self) -> None:
        self.times += 1
        self._result.touch()


@pytest.fixture
def action(tmp_path: Path) -> Counting:
    return Counting(tmp_path / "result")


@pytest.fixture
def bring_about(tmp_path: Path, action: Counting) -> Callable[[str], None]:
    (tmp_path / "input").write_text("one")

    def bring(context: str) -> None:
        step = Step(
            name="step",
            title="doing it",
            inputs=[tmp_path / "input"],
            results=[tmp_path / "result"],
            action=action,
            context=context,
        )
        Stamps(tmp_path / "stamps").bring_about(step)

    return bring


def test_a_step_is_done_once(bring_about: Callable[[str], None], action: Counting) -> None:
    bring_about("3.11")
    bring_about("3.11")
    assert action.times == 1


def test_a_changed_input_has_it_done_again(
    bring_about: Callable[[str], None], action: Counting, tmp_path: Path
) -> None:
    bring_about("3.11")
    (tmp_path / "input").write_text("two")
    bring_about("3.11")
    assert action.times == 2


def test_a_touched_input_does_not(
    bring_about: Callable[[str], None], action: Counting, tmp_path: Path
) -> None:
    bring_about("3.11")
    os.utime(tmp_path / "input", (0, 0))
    bring_about("3.11")
    assert action.times == 1


def test_a_missing_result_has_it_done_again(
    bring_about: Callable[[str], None], action: Counting, tmp_path: Path
) -> None:
    bring_about("3.11")
    (tmp_path / "result").unlink()
    bring_about("3.11")
    assert action.times == 2


def test_another_context_has_it_done_again(
    bring_about: Callable[[str], None], action: Counting
) -> None:
    bring_about("3.11")
    bring_about("3.12")
    assert action.times == 2


def test_a_failed_command_tells_its_cause_and_keeps_the_rest(tmp_path: Path) -> None:
    script = "print('much'); print('ERROR: no wheel'); print('more'); raise SystemExit(1)"
    with pytest.raises(SetupError, match=r"^ERROR: no wheel \(all of it is in .*log\)"):
        run([sys.executable, "-c", script], log=tmp_path / "log", environment=os.environ)
    assert "much" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("a\nnpm error code E404\nb", "npm error code E404"),
        ("a\nb\n\n", "b"),
        ("", "it ended without a word"),
    ],
)
def test_the_telling_line_of_an_output_is_found(output: str, line: str) -> None:
    assert first_error(output) == line
