"""What a task's function says of its parameters."""

from __future__ import annotations

import inspect
from contextlib import suppress
from typing import Any


def hints_of(task: Any) -> dict[str, Any]:
    """The annotations of the task's function as objects; those that can't be resolved are left out.

    "return" is among them.
    """
    function = inspect.unwrap(task.run)
    known = getattr(function, "__globals__", {})
    hints: dict[str, Any] = {}
    for name, hint in _annotations(function).items():
        one = type("One", (), {"__annotations__": {name: hint}})
        with suppress(NameError, TypeError, AttributeError, SyntaxError):
            hints.update(inspect.get_annotations(one, globals=known, eval_str=True))
    return hints


def _annotations(function: Any) -> dict[str, Any]:
    try:
        return inspect.get_annotations(function)
    except TypeError:  # a callable object without any
        return {}
