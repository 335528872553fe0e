"""JSON Schemas of the types that requests and answers are made of, as components. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal, TypeAlias

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

JsonSchema: TypeAlias = dict[str, Any]

COMPONENTS: Final = "#/components/schemas/"
_TEMPLATE: Final = COMPONENTS + "{model}"


class _Untitled(GenerateJsonSchema):
    """Without a title for each field, which would say its name again."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  pydantic asks so
        return False


class Schemas:
    """The schemas of some types; each that has a name of its own is a component."""

    def __init__(self, types: Iterable[Any]) -> None:
        wanted: list[tuple[Any, JsonSchemaMode, TypeAdapter[Any]]] = [
            (each, _mode(each), TypeAdapter(each)) for each in types
        ]
        self._found, definitions = TypeAdapter.json_schemas(
            wanted, schema_generator=_Untitled, ref_template=_TEMPLATE
        )
        self.components: dict[str, JsonSchema] = definitions.get("$defs", {})

    def of(self, wanted: Any) -> JsonSchema:
        """The schema of one of the types, by reference where it is a component."""
        return self._found[(wanted, _mode(wanted))]

    def properties(self, model: type[BaseModel]) -> tuple[dict[str, JsonSchema], list[str]]:
        """The properties of a payload, and which of them must be there."""
        schema = self.of(model)
        reference = schema.get("$ref")
        if reference is not None:
            schema = self.components[reference.removeprefix(COMPONENTS)]
        return schema.get("properties", {}), schema.get("required", [])


def as_parameter(schema: JsonSchema) -> JsonSchema:
    """The schema of one parameter: never null, and several words rather than one or several.

    In an address the same name again makes a list, so a single word is a list of one.
    """
    plain = {name: value for name, value in schema.items() if name not in ("default", "anyOf")}
    default = schema.get("default")
    if default is not None:
        plain["default"] = default
    choices = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    lists = [each for each in choices if each.get("type") == "array"]
    return {**plain, **(lists or choices or [{}])[0]}


def _mode(wanted: Any) -> Literal["validation", "serialization"]:
    is_payload = isinstance(wanted, type) and issubclass(wanted, BaseModel)
    return "validation" if is_payload else "serialization"
