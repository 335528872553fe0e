"""The documentation names what there is: settings, public names, examples."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path

import pytest

import inception
from inception.runs import settings
from tasks import examples
from tests.documents import PAGES
from webapp.errors import STATUS

CHECKOUT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.docs


def words_of(name: str) -> set[str]:
    return set(re.findall(r"\w+", (CHECKOUT / name).read_text()))


def test_every_setting_is_explained_with_its_default_and_no_other() -> None:
    page = (CHECKOUT / "docs/settings.md").read_text()
    defaults = dict(
        re.findall(r"^\| `([A-Z_]+)` \| (?:`([^`]*)`|none|cores) \|", page, re.MULTILINE)
    )

    assert set(defaults) == settings.NAMES
    said = {name: text for name, text in defaults.items() if text not in ("", "REDIS_URL")}
    assert settings.Settings.from_environment(said) == settings.Settings()


def test_every_page_names_settings_that_there_are() -> None:
    setting = re.compile(r"\b(?:INCEPTION_[A-Z_]+|REDIS_URL)\b")
    for page in PAGES:
        assert set(setting.findall(page.read_text())) <= settings.NAMES | settings.FOREIGN, page


def test_every_public_name_is_explained() -> None:
    assert set(inception.__all__) <= words_of("docs/writing-tasks.md")


def test_every_example_is_listed() -> None:
    modules = {module.name for module in pkgutil.iter_modules(examples.__path__)}

    listed = re.findall(r"`tasks\.examples\.(\w+)\.", (CHECKOUT / "docs/index.md").read_text())
    assert set(listed) == modules


def test_the_protocol_has_every_error_beside_its_status() -> None:
    page = (CHECKOUT / "docs/protocol.md").read_text()
    rows = re.findall(r"^\| (\d{3}(?:, \d{3})*) \| (.*) \|$", page, re.MULTILINE)
    said = {code: statuses for statuses, words in rows for code in re.findall(r"`(\w+)`", words)}
    assert [code for code in STATUS if str(STATUS[code]) not in said.get(code, "")] == []
