"""The documentation names what there is: settings, public names, examples."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path

import pytest

import inception
from inception.runs import settings
from tasks import examples

CHECKOUT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.docs


def words_of(name: str) -> set[str]:
    return set(re.findall(r"\w+", (CHECKOUT / name).read_text()))


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    setting = re.compile(r"\b(?:INCEPTION_[A-Z_]+|REDIS_URL)\b")
    read = set(setting.findall(Path(settings.__file__).read_text()))

    assert set(setting.findall((CHECKOUT / "README.md").read_text())) == read


def test_every_public_name_is_explained() -> None:
    assert set(inception.__all__) <= words_of("docs/writing-tasks.md")


def test_every_example_is_listed() -> None:
    modules = {module.name for module in pkgutil.iter_modules(examples.__path__)}

    listed = re.findall(r"`tasks\.examples\.(\w+)\.", (CHECKOUT / "docs/index.md").read_text())
    assert set(listed) == modules
