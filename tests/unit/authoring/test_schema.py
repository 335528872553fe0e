from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import jsonschema
import pytest

from inception import parent
from inception.authoring.schema import describe

if TYPE_CHECKING:
    from celery import Celery


@parent(steps=["Read", "Write"])
def documented(  # type: ignore[no-untyped-def]
    path: str,
    limit: int = 10,
    mode: Literal["fast", "slow"] = "fast",
    rates: list[float] | None = None,
    anything=None,
) -> None:
    """Read a file
    and write it again.

    It takes a while.

    Args:
        path: Where the file is.
        limit (int): How much of it
            is read.

    Returns:
        nothing: At all.
    """


@parent(bind=True)
def bound(self: Any, model_name: str, json: int = 1) -> None:
    """Use names that a validation library keeps for itself.

    :param str model_name: The model.
    """


@parent
def odd(when: object = object(), given: NoSuchType = None, count: int = 1, **rest: Any) -> None:  # type: ignore[name-defined]  # noqa: F821
    pass


def described(app: Celery, task: Any) -> Any:
    return describe(app.tasks[task.name])


def test_the_catalogue_says_name_doc_and_steps(app: Celery) -> None:
    said = described(app, documented)
    assert said["name"] == documented.name
    assert said["doc"] == "Read a file and write it again."
    assert said["steps"] == ["Read", "Write"]


def test_annotations_and_defaults_become_a_schema(app: Celery) -> None:
    schema = described(app, documented)["schema"]
    assert schema["required"] == ["path"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["limit"]["default"] == 10
    assert schema["properties"]["limit"]["type"] == "integer"
    assert schema["properties"]["mode"]["enum"] == ["fast", "slow"]
    assert list(schema["properties"]) == ["path", "limit", "mode", "rates", "anything"]


def test_descriptions_come_out_of_the_docstring(app: Celery) -> None:
    properties = described(app, documented)["schema"]["properties"]
    assert properties["path"]["description"] == "Where the file is."
    assert properties["limit"]["description"] == "How much of it is read."
    assert "description" not in properties["mode"]
    assert (
        described(app, bound)["schema"]["properties"]["model_name"]["description"] == "The model."
    )


def test_self_is_no_argument_and_no_name_is_reserved(app: Celery) -> None:
    assert list(described(app, bound)["schema"]["properties"]) == ["model_name", "json"]


def test_what_a_schema_cannot_say_allows_anything(app: Celery) -> None:
    schema = described(app, odd)["schema"]
    jsonschema.validate({"when": [1], "given": {"a": 1}, "more": 2}, schema)
    assert schema["properties"]["count"]["type"] == "integer"  # one odd hint spoils no other


@pytest.mark.parametrize(
    ("kwargs", "valid"),
    [
        ({"path": "a"}, True),
        ({"path": "a", "limit": 3, "mode": "slow", "rates": [1, 2.5]}, True),
        ({"path": "a", "rates": None, "anything": {"x": []}}, True),
        ({}, False),
        ({"path": "a", "limit": "3"}, False),
        ({"path": "a", "mode": "other"}, False),
        ({"path": "a", "unknown": 1}, False),
    ],
)
def test_the_schema_judges_arguments(app: Celery, kwargs: dict[str, Any], valid: bool) -> None:
    schema = described(app, documented)["schema"]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert jsonschema.Draft202012Validator(schema).is_valid(kwargs) is valid
