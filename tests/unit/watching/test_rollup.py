"""How far a run is, rolled up from its leaves."""

from __future__ import annotations

import random

from inception.runs.model import ROOT
from inception.watching.rollup import RollUp


def test_a_parent_is_as_far_as_the_mean_of_its_children():
    rollup = RollUp()
    rollup.add("0")
    rollup.add("1")

    assert rollup.set("0", 50) == [ROOT]

    assert rollup.completion(ROOT) == 25


def test_announced_steps_count_before_they_are_started():
    rollup = RollUp(expected=4)
    rollup.add("0")

    rollup.set("0", 100, succeeded=True)

    assert rollup.completion(ROOT) == 25


def test_what_a_list_holds_counts_before_it_is_started():
    rollup = RollUp()
    rollup.expect(ROOT, 4)
    rollup.add("0")

    rollup.set("0", 100, succeeded=True)
    assert rollup.completion(ROOT) == 25

    rollup.expect(ROOT, 2)
    rollup.add("1")
    rollup.set("1", 100, succeeded=True)
    assert rollup.completion(ROOT) == 50, "what was announced once is to come"


def test_more_children_than_were_known_never_move_it_back():
    rollup = RollUp()
    rollup.add("0")
    rollup.set("0", 60)

    rollup.add("1")
    rollup.set("1", 20)

    assert rollup.completion(ROOT) == 60
    rollup.set("1", 80)
    assert rollup.completion(ROOT) == 70


def test_a_leaf_moves_every_level_above_it():
    rollup = RollUp()
    for path in ("0", "0.0", "0.0.0", "1"):
        rollup.add(path)

    assert rollup.set("0.0.0", 80) == ["0.0", "0", ROOT]

    assert rollup.completion("0") == 80
    assert rollup.completion(ROOT) == 40


def test_only_success_is_a_hundred():
    rollup = RollUp()
    rollup.add("0")

    rollup.set("0", 100)
    assert rollup.completion("0") < 100

    rollup.set("0", 0, succeeded=True)
    assert rollup.completion("0") == 100
    assert rollup.completion(ROOT) < 100


def test_it_never_goes_back_whatever_comes():
    source = random.Random(7)
    rollup = RollUp(expected=3)
    paths = [ROOT]
    shown = 0.0
    for number in range(400):
        if number % 4 == 0 and len(paths) < 60:
            parent = source.choice(paths)
            siblings = sum(p != ROOT and p.rpartition(".")[0] == parent for p in paths)
            path = f"{parent}.{siblings}" if parent else str(siblings)
            rollup.add(path)
            paths.append(path)
        else:
            rollup.set(source.choice(paths), source.uniform(0, 100))
        assert rollup.completion(ROOT) >= shown
        shown = rollup.completion(ROOT)
    assert 0 < shown < 100
