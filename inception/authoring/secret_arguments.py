"""Secret arguments of tasks: which are, how messages carry them, and what a body is given.

An argument is secret if its annotation has a `pydantic.SecretStr` in it, if its name (or that of a
key in it) says so, if a `SecretStr` is passed, or a text that is a secret of the calling task. In
memory, in Redis and in messages it is apart from the others, which have a mask in its place.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias, cast

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from inception.authoring.annotations import hints_of
from inception.authoring.redaction import own_secrets, redacting
from inception.runs.concealment import Concealed, Hidden, conceal, reveal, secret_texts
from inception.runs.errors import SecretsRefused
from inception.runs.settings import Settings
from inception.runs.vault import Vault

Arguments: TypeAlias = tuple[Sequence[Any], Mapping[str, Any]]

HEADER: Final = "inception_sealed"
"""The message header that holds a task's sealed secrets."""
_PLAIN: Final = (int, float, bool, str, bytes, list, dict, tuple, type(None), Any)


def vault_of(app: Any) -> Vault:
    """The vault of what runs through `app`, by the settings it was installed with."""
    vault: Vault | None = getattr(app, "inception_vault", None)
    if vault is None:
        settings = getattr(app, "inception_settings", None) or Settings.from_environment()
        vault = app.inception_vault = Vault.from_settings(settings)
    return vault


def conceal_arguments(task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Concealed:
    """Take the secrets out of a call's arguments: `shown` has `args` and `kwargs`.

    Their places are `/args/<number>…` and `/kwargs/<name>…`.
    """
    marked = _marked(task, args)
    call = {"args": list(args), "kwargs": dict(kwargs)}
    return conceal(call, vault_of(task.app).names, marked, own_secrets())


def reveal_arguments(args: Sequence[Any], kwargs: Mapping[str, Any], hidden: Hidden) -> Arguments:
    """Put the secrets of a call back."""
    if not hidden:
        return args, kwargs
    whole = cast("dict[str, Any]", reveal({"args": list(args), "kwargs": dict(kwargs)}, hidden))
    return tuple(whole["args"]), whole["kwargs"]


def sealed_headers(task: Any, hidden: Hidden) -> dict[str, str]:
    """Headers to send a message with.

    Raises SecretsRefused without a key to seal with, and for a task that couldn't open them.
    """
    if hidden and not hasattr(task, "run_delivered"):
        raise SecretsRefused(
            f"{task.name} was given secrets ({', '.join(sorted(hidden))}) and isn't a task of "
            "Inception's, so it couldn't open them; decorate it with @child.",
            sorted(hidden),
        )
    sealed = vault_of(task.app).seal(hidden, task.name)
    return {} if sealed is None else {HEADER: sealed}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A task's message: arguments without their secrets, and the headers that have those."""

    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    headers: Mapping[str, Any] | None


def sealed_message(
    task: Any, args: Sequence[Any], kwargs: Mapping[str, Any], headers: Mapping[str, Any] | None
) -> Message:
    """Seal the secrets of a message to be sent, those it is sent again with included.

    Celery's own retry sends a message's arguments and headers once more as they came. Raises
    SecretsRefused, SecretsUnreadable.
    """
    given = dict(headers or {})
    args, kwargs = reveal_arguments(args, kwargs, vault_of(task.app).open(given.pop(HEADER, None)))
    concealed = conceal_arguments(task, args, kwargs)
    if not concealed.hidden:
        return Message(args=args, kwargs=kwargs, headers=headers)
    given.update(sealed_headers(task, concealed.hidden))
    return Message(args=concealed.shown["args"], kwargs=concealed.shown["kwargs"], headers=given)


@contextmanager
def delivered(task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Arguments]:
    """The arguments of a message that `task` was handed, its secrets put back.

    Within, their texts are kept out of what is printed, logged, reported and raised. Raises
    SecretsUnreadable.
    """
    headers = getattr(task.request, "headers", None)
    sealed = headers.get(HEADER) if isinstance(headers, Mapping) else None
    if sealed is None:
        yield args, kwargs
        return
    hidden = vault_of(task.app).open(sealed)
    with redacting(secret_texts(hidden)):
        yield reveal_arguments(args, kwargs, hidden)


def as_annotated(task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Arguments:
    """Give a body what its annotations say: a SecretStr where one is asked for.

    Raises TypeError, without the value, for what doesn't fit.
    """
    adapters = _secret_parameters(task)
    if not adapters:
        return args, kwargs
    names = _positional(task)
    placed = [_fit(task, adapters, name, each) for name, each in zip(names, args, strict=False)]
    named = {name: _fit(task, adapters, name, each) for name, each in kwargs.items()}
    return (*placed, *args[len(placed) :]), named


def secret_parameters(task: Any) -> frozenset[str]:
    """The names of the parameters that are secret, by annotation or by name."""
    return _secret_by(vault_of(task.app), task)


@cache
def _secret_by(vault: Vault, task: Any) -> frozenset[str]:
    """As above. One entry a task: reading a signature takes longer than sending a message."""
    named = {name for name in inspect.signature(task.run).parameters if vault.is_secret(name)}
    return frozenset(named | set(_secret_parameters(task)))


def _marked(task: Any, args: Sequence[Any]) -> set[str]:
    """The places of the secret arguments; those by name are found among the keywords anyway."""
    if (function := getattr(task, "run", None)) is None or not callable(function):
        return set()
    secret = secret_parameters(task)
    placed = enumerate(_positional(task)[: len(args)])
    numbers = {f"/args/{number}" for number, name in placed if name in secret}
    return numbers | {f"/kwargs/{name}" for name in secret}


@cache
def _positional(task: Any) -> tuple[str, ...]:
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(task.run).parameters.values()
    return tuple(one.name for one in parameters if one.kind in by_position)


@cache
def _secret_parameters(task: Any) -> dict[str, TypeAdapter[Any]]:
    """What reads the arguments whose annotation has a SecretStr in it. One entry a task."""
    adapters = {}
    for name, hint in hints_of(task).items():
        if hint not in _PLAIN and (adapter := _adapter(hint)) is not None:
            adapters[name] = adapter
    return adapters


def _adapter(hint: Any) -> TypeAdapter[Any] | None:
    """What reads a value of this type if there are secrets in it, as its schema tells."""
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(hint)
        return adapter if '"writeOnly": true' in _text(adapter) else None
    except (PydanticSchemaGenerationError, PydanticUserError, TypeError, NameError, ValueError):
        return None  # a type that pydantic can't read has no SecretStr that it would find


def _text(adapter: TypeAdapter[Any]) -> str:
    return json.dumps(adapter.json_schema())


def _fit(task: Any, adapters: Mapping[str, TypeAdapter[Any]], name: str, value: Any) -> Any:
    adapter = adapters.get(name)
    if adapter is None:
        return value
    try:
        return adapter.validate_python(value)
    except ValidationError:
        raise TypeError(
            f"{task.name}: {name!r} doesn't fit its annotation; its value is secret, so it isn't "
            "shown."
        ) from None
