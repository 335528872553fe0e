"""Real work on real input: find the classifier that reads handwritten digits best.

The input is scikit-learn's own copy of 1,797 scanned digits of 8 x 8 pixels, so nothing is
downloaded. A fifth of it is held out; on the rest each candidate is cross-validated, a nested
parent for each of them with a child per fold, and the best is fitted once more on all of that
rest and tested on the fifth that nobody has seen.

With 5 folds the three nearest neighbours win: 0.984 is the mean over the folds (random forest
0.975, neural network 0.970), and 355 of the 360 held-out digits are read correctly, 0.986.
All 16 children take about 9 s of one core, and 7 s with two compute slots.

Workers need scikit-learn for it (`requirements-digits.txt`). The children alone import it, so
that watchers, and checkouts without it, load this module all the same.
"""

# ruff: noqa: PLC0415 - scikit-learn is imported where it is needed, as said above

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import mean
from typing import Annotated, Any, Final, TypeAlias

from pydantic import Field

from inception import child, parent, track, watch, watch_all

Folds: TypeAlias = Annotated[int, Field(ge=2, le=20)]
Images: TypeAlias = Any
"""numpy floats from 0.0 to 1.0, one row of 64 pixels an image; numpy is imported when needed."""
Digits: TypeAlias = Any
"""numpy integers from 0 to 9, one an image."""
Classifier: TypeAlias = Any
"""What scikit-learn calls so; it has no types."""
Done: TypeAlias = Callable[[], None]

SEED: Final = 0
HELD_OUT: Final = 0.2
"""The share of the images that no candidate is chosen by."""
BATCH: Final = 20
"""Images read between two words of a child."""
TREES_A_ROUND: Final = 10


class ScikitLearnMissing(RuntimeError):
    """A child was run by a Python without scikit-learn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Images and the digits they show, to learn from or to be tested on."""

    images: Images
    digits: Digits

    def pick(self, numbers: Any) -> Part:
        """The images with these numbers."""
        return Part(images=self.images[numbers], digits=self.digits[numbers])

    def batches(self) -> list[Part]:
        """The same images in order, `BATCH` at a time."""
        starts = range(0, len(self.digits), BATCH)
        return [self.pick(slice(start, start + BATCH)) for start in starts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A classifier that learns in rounds, and says `done` after each."""

    rounds: int
    learn: Callable[[Part, int, Done], Classifier]


@child
def score_fold(candidate: str, fold: int, folds: int) -> float:
    """Learn from all folds but one; return the share of that one which is read correctly."""
    rest, _ = _digits()
    from sklearn.model_selection import StratifiedKFold

    splits = StratifiedKFold(folds, shuffle=True, random_state=SEED)
    learned, tested = list(splits.split(rest.images, rest.digits))[fold]
    return _accuracy(candidate, rest.pick(learned), rest.pick(tested))


@child
def fit_best(candidate: str) -> float:
    """Learn from all but the held-out fifth; return the share of that which is read correctly."""
    return _accuracy(candidate, *_digits())


@parent
def cross_validate(candidate: str, folds: Folds = 5) -> list[float]:
    """Score one candidate on each fold.

    Args:
        candidate: The name of one of the candidates.
        folds: Into how many parts the images are split.

    """
    scores = watch_all(
        score_fold.s(candidate, fold, folds).set(label=f"Fold {fold + 1}") for fold in range(folds)
    )
    return [score.value for score in scores]


@parent(steps=["Cross-validate the candidates", "Fit the best and test it"])
def select_model(folds: Folds = 5) -> dict[str, Any]:
    """Find the classifier that reads handwritten digits best, and test it on unseen ones.

    Args:
        folds: Into how many parts the images are split.

    """
    outcomes = watch_all(cross_validate.s(name, folds).set(label=name) for name in CANDIDATES)
    scores = {name: outcome.value for name, outcome in zip(CANDIDATES, outcomes, strict=True)}
    best = max(scores, key=lambda name: mean(scores[name]))
    final = watch(fit_best.s(best), label=f"Final fit: {best}")
    return {"best": best, "accuracy": final.value, "scores": scores}


def _accuracy(name: str, learned: Part, tested: Part) -> float:
    """Learn and read, with a word after each round and each batch.

    On one thread: a compute slot is a core, and threads of several children would spin for it.
    """
    from threadpoolctl import threadpool_limits

    candidate, batches, right = CANDIDATES[name], tested.batches(), 0
    words = candidate.rounds + len(batches)
    with threadpool_limits(1), track(total=words, message="Learning") as bar:
        classifier = candidate.learn(learned, candidate.rounds, bar.update)
        bar.message = f"Reading {len(tested.digits)} digits"
        for batch in batches:
            right += int((classifier.predict(batch.images) == batch.digits).sum())
            bar.update()
    return right / len(tested.digits)


def _digits() -> tuple[Part, Part]:
    """Load the images: those to choose by, and those held out. The same for every child."""
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ImportError as missing:
        raise ScikitLearnMissing(
            "This worker has no scikit-learn: `pip install -r requirements-digits.txt` in its "
            "environment, or `make run` again where that could not be installed."
        ) from missing
    images, digits = load_digits(return_X_y=True)
    rest, held_out, rest_digits, held_out_digits = train_test_split(
        images / 16, digits, test_size=HELD_OUT, stratify=digits, random_state=SEED
    )
    return (
        Part(images=rest, digits=rest_digits),
        Part(images=held_out, digits=held_out_digits),
    )


def _neighbours(part: Part, rounds: int, done: Done) -> Classifier:
    """Remember all images; the work is in the reading."""
    from sklearn.neighbors import KNeighborsClassifier

    classifier = KNeighborsClassifier(n_neighbors=3)
    for _ in range(rounds):
        classifier.fit(part.images, part.digits)
        done()
    return classifier


def _forest(part: Part, rounds: int, done: Done) -> Classifier:
    """Add some trees in each round."""
    from sklearn.ensemble import RandomForestClassifier

    classifier = RandomForestClassifier(warm_start=True, random_state=SEED)
    for number in range(1, rounds + 1):
        classifier.set_params(n_estimators=number * TREES_A_ROUND)
        classifier.fit(part.images, part.digits)
        done()
    return classifier


def _network(part: Part, rounds: int, done: Done) -> Classifier:
    """Go through all images once in each round."""
    from sklearn.neural_network import MLPClassifier

    classifier = MLPClassifier(hidden_layer_sizes=(64,), random_state=SEED)
    for _ in range(rounds):
        classifier.partial_fit(part.images, part.digits, classes=range(10))
        done()
    return classifier


CANDIDATES: Final[Mapping[str, Candidate]] = {
    "nearest neighbours": Candidate(rounds=1, learn=_neighbours),
    "random forest": Candidate(rounds=30, learn=_forest),
    "neural network": Candidate(rounds=100, learn=_network),
}
