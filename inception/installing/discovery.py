"""Finds parents and children: the modules that a worker imports when it starts."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

from celery import Celery, signals

from inception.installing.errors import TasksNotFound


def import_on_start(app: Celery, *, modules: Sequence[str], packages: Sequence[str]) -> None:
    """Have workers of `app` import `modules`, and `packages` with all that is in them.

    A package that isn't there is passed over (a checkout without tasks of its own); a module
    that is named must be there.
    """

    def receive(sender: Any = None, **_signal: object) -> None:
        if sender is app:
            import_all(modules, packages)

    signals.import_modules.connect(receive, weak=False)


def import_all(modules: Sequence[str], packages: Sequence[str]) -> None:
    """Import them now. Raises TasksNotFound, naming the module that can't be imported."""
    for package in packages:
        if importlib.util.find_spec(package) is not None:
            for name in _names_under(_import(package, "the tasks of this application")):
                _import(name, f"what is under {package}/")
    for name in modules:
        _import(name, "INCEPTION_TASKS")


def _names_under(package: ModuleType) -> Iterator[str]:
    """Yield the modules in a package, at any depth; a package before what is in it."""
    for found in pkgutil.iter_modules(getattr(package, "__path__", []), f"{package.__name__}."):
        yield found.name
        if found.ispkg:
            yield from _names_under(_import(found.name, f"what is under {package.__name__}"))


def _import(name: str, asked_by: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:  # whatever the module's own code raises
        raise TasksNotFound(
            f"The module {name!r} ({asked_by}) can't be imported: {type(error).__name__}: "
            f"{error}. Mend it, put its folder on PYTHONPATH, or leave it out."
        ) from error
