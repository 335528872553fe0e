"""The documentation names every metric and every action word, and the metrics no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
PAGE = (CHECKOUT / "docs/metrics.md").read_text()

pytestmark = pytest.mark.docs


def modules(*folders: str) -> Iterator[ast.Module]:
    for folder in folders:
        for file in sorted((CHECKOUT / folder).rglob("*.py")):
            yield ast.parse(file.read_text())


def actions_of(module: ast.Module) -> Iterator[str]:
    """The values of every `"action": …` in a dict."""
    for node in ast.walk(module):
        if not isinstance(node, ast.Dict):
            continue
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "action":
                chosen = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
                yield from (str(each.value) for each in chosen if isinstance(each, ast.Constant))


def test_every_action_word_is_explained() -> None:
    table = PAGE.partition("| action | when |")[2]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    explained = {word for row in rows for word in re.findall(r"`(\w+)`", row)}
    used = {word for module in modules("inception", "webapp") for word in actions_of(module)}
    assert len(used) > 30
    assert used - explained == set()


def log_calls(module: ast.Module) -> Iterator[ast.Call]:
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            to = ast.unparse(node.func.value)
            if node.func.attr in levels and re.search(r"^(_?log|logger|logging\.getLogger.*)$", to):
                yield node


def test_every_entry_of_the_log_is_given_what_it_is_about() -> None:
    calls = [call for module in modules("inception", "webapp") for call in log_calls(module)]
    assert len(calls) > 40
    bare = [ast.unparse(call) for call in calls if "extra" not in {k.arg for k in call.keywords}]
    assert bare == []


def test_every_metric_is_listed_and_no_other() -> None:
    full = re.compile(r"^inception_\w+$")
    named = {
        node.value
        for module in modules("webapp/metrics", "webapp/relay")
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and full.match(str(node.value))
    }
    short = {
        f"inception_{node.args[0].value}"
        for module in modules("webapp/metrics", "webapp/relay")
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("_gauge", "_counter")
        and isinstance(node.args[0], ast.Constant)
    }
    listed = {name.removesuffix("_total") for name in re.findall(r"`(inception_\w+)", PAGE)}
    assert listed == named | short
