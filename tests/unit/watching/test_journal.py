"""A replay asks for what was recorded, or the run stops."""

from __future__ import annotations

import pytest

from inception.authoring.errors import ParentChanged
from inception.watching.journal import RecordedStep


def test_the_same_step_again_is_accepted():
    RecordedStep.from_text("abc tasks.a.count").check("0", name="tasks.a.count", digest="abc")


def test_another_task_is_a_changed_parent_and_names_both():
    with pytest.raises(ParentChanged, match=r"0\.1 was tasks\.a\.count .* tasks\.a\.other"):
        RecordedStep.from_text("abc tasks.a.count").check("0.1", name="tasks.a.other", digest="abc")


def test_other_arguments_are_a_changed_parent_and_name_both_digests():
    with pytest.raises(ParentChanged, match=r"abc; now the parent passes others \(def\)"):
        RecordedStep.from_text("abc tasks.a.count").check("0.1", name="tasks.a.count", digest="def")
