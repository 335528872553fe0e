"""Describes a parent for the catalogue: its arguments as a JSON Schema, made by pydantic."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Set
from typing import Any, Final, cast

from pydantic import ConfigDict, Field, create_model

from inception.authoring.annotations import hints_of
from inception.authoring.secret_arguments import secret_parameters
from inception.runs.jsontext import normalise
from inception.runs.model import JsonValue, Parent

_SECTION: Final = re.compile(r"^\s*(Args|Arguments|Parameters):\s*$", re.MULTILINE)
_LINE: Final = re.compile(r"^\s*(\w+)\s*(?:\([^)]*\))?:\s+(\S.*)$")
_SPHINX: Final = re.compile(r"^\s*:param\s+(?:[\w.\[\]]+\s+)?(\w+):\s*(\S.*)$", re.MULTILINE)


def describe(task: Any) -> Parent:
    """What the catalogue says of the parent `task` (a registered Celery task)."""
    function = inspect.unwrap(task.run)
    text = inspect.getdoc(function) or ""
    return Parent(
        name=task.name,
        doc=" ".join(text.partition("\n\n")[0].split()),
        schema=schema_of(task),
        steps=None if task.steps is None else list(task.steps),
        limits=task.limits.for_catalogue(),
    )


def schema_of(task: Any) -> dict[str, JsonValue]:
    """The JSON Schema of the parent's keywords; unknown ones are refused unless it takes any.

    An annotation that JSON Schema can't say allows anything; so does a missing one.
    """
    signature = inspect.signature(task.run)
    hints = hints_of(task)
    said = _described(inspect.getdoc(inspect.unwrap(task.run)) or "")
    parameters = list(signature.parameters.values())
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters)
    fields = [
        _field(one, hints.get(one.name, Any), said.get(one.name))
        for one in parameters
        if one.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    schema = _schema(task.name, fields, takes_any=takes_any)
    _mark_secrets(schema, secret_parameters(task))
    return schema


def _field(parameter: inspect.Parameter, hint: Any, description: str | None) -> tuple[Any, Any]:
    required = parameter.default is inspect.Parameter.empty
    default = ... if required else _json_default(parameter.default)
    name = parameter.name  # as an alias: pydantic keeps some names of fields for itself
    return _sayable(hint), Field(default=default, alias=name, title=name, description=description)


def _json_default(value: object) -> object:
    try:
        return normalise(value)
    except ValueError:
        return None


def _sayable(hint: Any) -> Any:
    """The hint, or Any if no schema can be made of it."""
    try:
        create_model("Probe", probe=(hint, ...)).model_json_schema()
    except (TypeError, NameError, ValueError):  # what pydantic's own errors derive from
        return Any
    return hint


def _schema(name: str, fields: list[tuple[Any, Any]], *, takes_any: bool) -> dict[str, JsonValue]:
    config = ConfigDict(extra="allow" if takes_any else "forbid", title=name)
    numbered: dict[str, Any] = {f"field_{number}": field for number, field in enumerate(fields)}
    model = create_model("Arguments", __config__=config, **numbered)
    return cast("dict[str, JsonValue]", normalise(model.model_json_schema(by_alias=True)))


def _mark_secrets(schema: dict[str, JsonValue], names: Set[str]) -> None:
    """Have forms take secrets unseen, and nobody read a default that is one."""
    properties = cast("dict[str, dict[str, JsonValue]]", schema.get("properties", {}))
    for name in names & properties.keys():
        properties[name]["writeOnly"] = True
        properties[name].pop("default", None)
        if properties[name].get("type") == "string":
            properties[name]["format"] = "password"


def _described(text: str) -> dict[str, str]:
    """Descriptions of parameters in a docstring: an `Args:` section, or `:param name:` lines."""
    found = {name: words.strip() for name, words in _SPHINX.findall(text)}
    section = _SECTION.search(text)
    if section is not None:
        found.update(_section_lines(text[section.end() :].splitlines()))
    return found


def _section_lines(lines: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    for line in lines:
        match = _LINE.match(line)
        if match:
            name = match.group(1)
            found[name] = match.group(2).strip()
        elif name and line.strip() and line.startswith((" ", "\t")):
            found[name] += " " + line.strip()
        elif found or (line.strip() and not line.startswith((" ", "\t"))):
            break
    return found
