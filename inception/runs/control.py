"""What people do to runs: start, revoke, run again, delete. For the web and the command line."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from celery import Celery
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from inception.runs.celery_app import BROKER_ERRORS, PARENTS_QUEUE
from inception.runs.concealment import (
    Hidden,
    conceal,
    masked_places,
    reveal,
)
from inception.runs.errors import (
    FieldProblem,
    IdempotencyKeyReused,
    InvalidArguments,
    SecretsRefused,
)
from inception.runs.integers import with_integers
from inception.runs.limits import Limits
from inception.runs.messages import Ticket, ticket_headers
from inception.runs.model import JsonValue, Parent, Run, RunDescription
from inception.runs.records import Created, NewRun
from inception.runs.store import Store
from inception.runs.vault import Vault

log = logging.getLogger(__name__)

_MOST_PROBLEMS: Final = 50
"""Problems that one refusal names."""
_MOST_NAMED: Final = 8
"""Arguments that are named where one is given that is none."""


class Control:
    """Acts on runs through the store, and rings for new ones with a message.

    Who did what goes on the audit list in the same step, so that no deed is without its line.

    `vault` keeps secret arguments; without one they are refused.
    """

    def __init__(self, store: Store, app: Celery, vault: Vault | None = None) -> None:
        self._store = store
        self._app = app
        self._vault = vault or Vault()

    def start(
        self,
        name: str,
        kwargs: Mapping[str, JsonValue],
        *,
        label: str | None = None,
        tags: Sequence[str] = (),
        idempotency_key: str | None = None,
        by: str | None = None,
        rerun_of: str | None = None,
    ) -> Created:
        """Check the arguments against the parent's schema, record a run, and send its message.

        Raises ParentNotFound, InvalidArguments (SecretsRefused for secrets that can't be kept),
        BadRequest, TooLarge, IdempotencyKeyReused, SecretsUnreadable and StoreUnavailable. A
        message that can't be sent is no error: a watcher finds the record.
        """
        parent = self._store.read_parent(name)
        kwargs = with_integers(parent["schema"], kwargs)
        concealed = conceal(kwargs, self._vault.names, secret_places(parent))
        check_arguments(parent, kwargs, concealed.hidden)
        _refuse_masked(name, concealed.hidden)
        new = NewRun(
            id=str(uuid.uuid4()),
            name=name,
            kwargs=concealed.shown,
            sealed=self._vault.seal(concealed.hidden, name),
            label=label,
            tags=tags,
            steps=parent["steps"],
            rerun_of=rerun_of,
            idempotency_key=idempotency_key,
            audit_by=by,
            limits=Limits.from_catalogue(parent.get("limits")),
        )
        created = self._store.create_run(new)
        if created.existing:
            self._check_same_secrets(created.run["id"], concealed.hidden)
        elif not created.waits:
            self._ring(new)
        return created

    def revoke(self, run_id: str, path: str | None = None, *, by: str, reason: str | None) -> Run:
        """Ask a run, or the part of it at `path`, to stop. Raises as Store.request_revoke."""
        return self._store.request_revoke(run_id, path or "", by=by, reason=reason, noted=True)

    def describe(self, run_id: str, changes: RunDescription, *, by: str) -> Run:
        """Give a run another label or other tags. Raises as Store.describe_run."""
        return self._store.describe_run(run_id, changes, by=by)

    def retry(self, run_id: str, *, by: str) -> Run:
        """Let a run that ended badly go on. Raises as Store.retry_run."""
        return self._store.retry_run(run_id, by=by)

    def rerun(
        self, run_id: str, kwargs: Mapping[str, JsonValue] | None = None, *, by: str | None = None
    ) -> Run:
        """Start a new run like this one, with other arguments if given. Raises as `start`.

        What shows the mask of a secret there is the secret of the former run.
        """
        former = self._store.read_run(run_id, whole=True)
        secrets = self._vault.open(self._store.read_sealed(run_id))
        given = (former["kwargs"] or {}) if kwargs is None else kwargs
        masked = masked_places(given)
        created = self.start(
            former["name"],
            reveal(given, {place: value for place, value in secrets.items() if place in masked}),
            label=former["label"],
            tags=former["tags"],
            by=by,
            rerun_of=run_id,
        )
        return created.run

    def delete(self, run_id: str, *, by: str) -> None:
        """Delete an ended run. Raises RunNotFound, RunNotEnded."""
        self._store.delete_run(run_id, by=by)

    def _check_same_secrets(self, run_id: str, hidden: Hidden) -> None:
        """What an idempotency key stands for is compared without the secrets, so they are here."""
        if dict(self._vault.open(self._store.read_sealed(run_id))) != dict(hidden):
            raise IdempotencyKeyReused(
                "The idempotency key has started a run with other secret arguments within the "
                "last 24 h; draw a new key for other arguments."
            )

    def _ring(self, new: NewRun) -> None:
        try:
            self._app.send_task(
                new.name,
                kwargs=dict(new.kwargs),
                task_id=new.id,
                queue=PARENTS_QUEUE,
                headers=ticket_headers(Ticket(run_id=new.id)),
                ignore_result=True,
            )
        except BROKER_ERRORS as error:
            about = {"action": "send_failed", "run_id": new.id}
            log.warning("A run waits for a rescuer, its message failed: %s", error, extra=about)


def secret_places(parent: Parent) -> set[str]:
    """The JSON pointers of the arguments that the parent's schema marks as secret."""
    properties = _mapping(parent["schema"].get("properties"))
    return {
        f"/{_escaped(name)}"
        for name, schema in properties.items()
        if _mapping(schema).get("writeOnly") is True
    }


def check_arguments(
    parent: Parent, kwargs: Mapping[str, JsonValue], hidden: Hidden | None = None
) -> None:
    """Raise InvalidArguments, field by field, if `kwargs` don't fit the parent's schema.

    What is said of a field that has a `hidden` secret in it doesn't quote it.
    """
    schema = {"additionalProperties": False, **parent["schema"]}
    problems = [
        problem
        for error in Draft202012Validator(schema).iter_errors(dict(kwargs))
        for problem in _problems(error, hidden or {})
    ]
    if problems:
        names = ", ".join(sorted({problem["path"] for problem in problems[:_MOST_PROBLEMS]}))
        raise InvalidArguments(
            f"The arguments of {parent['name']} don't fit: {names}.", problems[:_MOST_PROBLEMS]
        )


def _refuse_masked(name: str, hidden: Hidden) -> None:
    """A client that sends back what it was shown doesn't know the secret."""
    if masked := [place for place, secret in hidden.items() if masked_places(secret)]:
        raise SecretsRefused(
            f"{name} was given the mask of a secret instead of the secret ({', '.join(masked)}).",
            masked,
            why="is secret: give its value, or rerun the run that it is shown in",
        )


def _problems(error: ValidationError, hidden: Hidden) -> Iterator[FieldProblem]:
    """One problem for each field concerned; a JSON pointer says which."""
    above = "".join(f"/{_escaped(part)}" for part in error.absolute_path)
    # The attributes are loosely typed by jsonschema; for these two words they are what they are.
    given, schema, wanted = _mapping(error.instance), _mapping(error.schema), error.validator_value
    if error.validator == "required" and isinstance(wanted, list):
        for name in (name for name in wanted if name not in given):
            yield FieldProblem(path=f"{above}/{_escaped(name)}", message="is required")
    elif error.validator == "additionalProperties" and wanted is False:
        known = _mapping(schema.get("properties"))
        message = f"is not an argument; there {_listed(list(known))}"
        for name in sorted(set(given) - set(known)):
            yield FieldProblem(path=f"{above}/{_escaped(name)}", message=message)
    else:
        quotes = any(place.startswith(above) or above.startswith(place) for place in hidden)
        said = f"doesn't fit ({error.validator}); it is secret" if quotes else error.message[:500]
        yield FieldProblem(path=above or "/", message=said)


def _listed(names: Sequence[str]) -> str:
    """`are limit, delay`: what may be meant, the first of very many."""
    more = ", …" if len(names) > _MOST_NAMED else ""
    return f"are {', '.join(names[:_MOST_NAMED])}{more}" if names else "are none"


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _escaped(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
