"""Keeps the secrets of running tasks out of what they print, log, report and raise.

What one task of this process was given is kept out of the texts of all of them while it runs:
a thread that a body starts, or a library's logger, belongs to no task that could be told. Found is
the text itself, and as `repr` or JSON write it; not what a task encodes otherwise, or returns.
"""

from __future__ import annotations

import json
import logging
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar, cast

from celery.exceptions import Retry

from inception.runs.concealment import MASK

SHORTEST: Final = 4
"""Characters: a shorter secret would take half of every text with it."""

Value = TypeVar("Value")


class Redacted(Exception):
    """Stands for what a body raised with a secret in its text."""


class _Known:
    """The texts that are secret now, each as often as tasks have it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.texts: tuple[str, ...] = ()
        self.guards_logs = False

    def change(self, texts: Iterable[str], by: int) -> None:
        with self.lock:
            for text in texts:
                self.counts[text] += by
            self.counts += Counter()  # drops those that nobody has
            self.texts = tuple(sorted(self.counts, key=len, reverse=True))
            if not self.guards_logs:
                self.guards_logs = True
                _guard_logs()


_known = _Known()
_own: ContextVar[frozenset[str]] = ContextVar("inception_own_secrets", default=frozenset())


@contextmanager
def redacting(secrets: Iterable[str]) -> Iterator[None]:
    """Keep these texts out of others, in this whole process; exceptions leave without them."""
    own = frozenset(secret for secret in secrets if len(secret) >= SHORTEST)
    if not own:
        yield
        return
    texts = {written for secret in own for written in _writings(secret)}
    _known.change(texts, +1)
    token = _own.set(own)
    try:
        with _errors_redacted():
            yield
    finally:
        _own.reset(token)
        _known.change(texts, -1)


def own_secrets() -> frozenset[str]:
    """The secrets of the task that runs in this context, not those of others in this process."""
    return _own.get()


def redact(text: str) -> str:
    """The text with the mask in the place of each secret that is known now."""
    for secret in _known.texts:
        if secret in text:
            text = text.replace(secret, MASK)
    return text


def redact_all(value: Value) -> Value:
    """Each text in a value of mappings and lists, without the secrets."""
    if not _known.texts:
        return value
    return cast("Value", _redacted(value, 0))


def _redacted(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return redact(value)
    if depth > 100:  # as deep as JSON of ours goes
        return value
    if isinstance(value, Mapping):
        return {key: _redacted(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item, depth + 1) for item in value]
    return value


def _writings(secret: str) -> set[str]:
    """How a secret is written in texts; of several lines each one too, as output is kept so."""
    texts = {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], *secret.splitlines()}
    return {text for text in texts if len(text) >= SHORTEST}


@contextmanager
def _errors_redacted() -> Iterator[None]:
    try:
        yield
    except Retry as retry:
        if retry.exc is not None and _tells(retry.exc):
            retry.exc, retry.excs = _stand_in(retry.exc), redact(str(retry.excs))
        raise
    except (Exception, SystemExit) as error:
        if not _tells(error):
            raise
        raise _stand_in(error).with_traceback(error.__traceback__) from None


def _tells(error: BaseException) -> bool:
    """True if the error, or one that it came of, has a secret in what is shown of it."""
    shown = "".join(traceback.format_exception(error)) + _text_of(error, repr)
    return redact(shown) != shown


def _stand_in(error: BaseException) -> Redacted:
    return Redacted(redact(f"{type(error).__name__}: {_text_of(error, str)}"))


def _text_of(error: BaseException, write: Callable[[object], str]) -> str:
    try:
        return write(error)
    except Exception:  # noqa: BLE001 - a stranger's __str__ may raise anything
        return type(error).__name__


def _guard_logs() -> None:
    """Have every log record of this process made without the secrets that are known then."""
    make = logging.getLogRecordFactory()

    def guarded(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        return _without_secrets(record) if _known.texts else record

    logging.setLogRecordFactory(guarded)


def _without_secrets(record: logging.LogRecord) -> logging.LogRecord:
    try:
        said = record.getMessage()
    except Exception:  # noqa: BLE001 - a wrong format string is logging's own to complain of
        return record
    if redact(said) != said:
        record.msg, record.args = redact(said), ()
    if record.exc_info:
        shown = logging.Formatter().formatException(record.exc_info)
        if redact(shown) != shown:
            # Formatters take the text where there is no exception to make it of.
            record.exc_info, record.exc_text = None, redact(shown)
    return record
