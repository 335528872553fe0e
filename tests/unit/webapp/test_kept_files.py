"""What is sent of a script is the script, without what only its readers need."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp.kept_files import without_comments

SCRIPTS = sorted((Path(__file__).parents[3] / "static" / "js").rglob("*.js"))


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_every_line_of_code_stays_where_it_is(file: Path) -> None:
    script = file.read_text()
    before, after = script.split("\n"), without_comments(script).split("\n")
    assert len(after) == len(before)
    left_out = [old.strip() for old, new in zip(before, after, strict=True) if old != new]
    assert all(line == "" or line.startswith(("/**", "*")) for line in left_out)
    assert all(new in (old, "") for old, new in zip(before, after, strict=True))


def test_a_comment_ends_where_it_ends() -> None:
    script = "/** One. */\n/** @type {A} */ (a).b();\nc();\n  /**\n   * Two.\n   */\nd();\n"
    assert without_comments(script) == "\n/** @type {A} */ (a).b();\nc();\n\n\n\nd();\n"


def test_most_of_what_is_said_is_not_sent() -> None:
    whole = "".join(file.read_text() for file in SCRIPTS)
    assert len(without_comments(whole)) < 0.8 * len(whole)
