"""The example on scanned digits: what it finds, and that only its children need scikit-learn."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import mean
from typing import Any

import pytest

from inception import ChildFailed, track
from tasks.examples import digits

IMPORT = "import sys, tasks.examples.digits; sys.exit('sklearn' in sys.modules)"


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int | None]]:
    """(iteration, total) of each bar when it closed."""
    closed: list[tuple[int, int | None]] = []

    class Watched(type(track())):  # type: ignore[misc]  # the class of what track() returns
        def __exit__(self, *error: Any) -> None:
            closed.append((self.iteration, self.total))
            super().__exit__(*error)

    monkeypatch.setattr(digits, "track", Watched)
    return closed


@pytest.fixture
def without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)


def test_it_finds_the_best_and_tells_its_accuracy_on_unseen_digits() -> None:
    pytest.importorskip("sklearn")

    value = digits.select_model(folds=2)

    means = {name: mean(scores) for name, scores in value["scores"].items()}
    assert list(means) == list(digits.CANDIDATES)
    assert all(len(scores) == 2 for scores in value["scores"].values())
    assert all(0.9 < score < 1 for score in means.values())
    assert value["best"] == max(means, key=lambda name: means[name])
    assert value["accuracy"] > 0.95
    assert json.loads(json.dumps(value)) == value


@pytest.mark.parametrize("candidate", digits.CANDIDATES)
def test_a_child_counts_each_round_and_each_batch(
    candidate: str, bars: list[tuple[int, int | None]]
) -> None:
    pytest.importorskip("sklearn")

    digits.score_fold(candidate, 0, 2)

    batches = -(-719 // digits.BATCH)  # half of the 1,437 images that are not held out
    words = digits.CANDIDATES[candidate].rounds + batches
    assert bars == [(words, words)]


def test_a_fold_scores_the_same_each_time() -> None:
    pytest.importorskip("sklearn")

    assert digits.score_fold("random forest", 1, 5) == digits.score_fold("random forest", 1, 5)


def test_the_folds_share_no_image_with_the_held_out_digits() -> None:
    pytest.importorskip("sklearn")

    rest, held_out = digits._digits()

    assert len(rest.digits) + len(held_out.digits) == 1797
    seen = {image.tobytes() for image in rest.images}
    assert not any(image.tobytes() in seen for image in held_out.images)


def test_importing_the_module_needs_no_scikit_learn() -> None:
    assert subprocess.run([sys.executable, "-c", IMPORT], check=False).returncode == 0


def test_a_child_without_scikit_learn_says_what_to_install(without_scikit_learn: None) -> None:
    with pytest.raises(digits.ScikitLearnMissing, match=r"requirements-digits\.txt"):
        digits.fit_best("random forest")


def test_a_parent_without_scikit_learn_fails_with_the_same_words(
    without_scikit_learn: None,
) -> None:
    with pytest.raises(ChildFailed, match=r"requirements-digits\.txt"):
        digits.select_model(folds=2)
