"""Parents and children that are given secrets, and tell them wherever a task can tell anything.

Imported by workers alone: it has Celery keep a task's arguments with its result, too.
"""

from __future__ import annotations

import hashlib
import logging
import sys
import time
from pathlib import Path
from typing import Any

from celery import current_app
from pydantic import SecretStr

from inception import child, parent, report, watch

current_app.conf.result_extended = True

LOOK_EVERY = 0.05


def digest(secret: str) -> str:
    """What shows that a body had the secret, and not what."""
    return hashlib.sha256(secret.encode()).hexdigest()


def tell(secret: str) -> None:
    """Say it in each way there is."""
    print(f"printed {secret}")
    print(f"printed as an error {secret}", file=sys.stderr)
    sys.stdout.write(f"an unfinished line {secret}")
    logging.getLogger("some.library").warning("logged %s", secret)
    try:
        raise LookupError(secret)
    except LookupError:
        logging.getLogger("some.library").exception("with a traceback")
    report(1, total=2, message=f"reported {secret}")


@child
def use(word: SecretStr, place: dict[str, str], go: str) -> list[str]:
    """Tell both secrets, and wait for a file."""
    tell(word.get_secret_value())
    tell(place["password"])
    while not Path(go).exists():
        time.sleep(LOOK_EVERY)
    return [digest(word.get_secret_value()), digest(place["password"])]


@child(bind=True, max_retries=2)
def try_again(self: Any, text: str) -> str:
    """Have Celery itself run this once more; nothing says of its argument that it is secret."""
    if not self.request.retries:
        raise self.retry(countdown=0.1, exc=ValueError(f"retried {text}"))
    return digest(text)


@child
def fail_once(api_token: str, mark: str) -> str:
    """Fail with the secret in the error, the first time."""
    if not Path(mark).exists():
        Path(mark).touch()
        raise ValueError(f"refused {api_token}")
    return digest(api_token)


@parent
def nested(word: SecretStr) -> str:
    """Pass a secret on as a parent that is a child."""
    tell(word.get_secret_value())
    return str(watch(try_again.s(word.get_secret_value())).value)


@parent
def carry(word: SecretStr, place: dict[str, str], api_token: str, folder: str) -> list[str]:
    """Use three secrets: one by its type, one by the name of its key, one by its own name."""
    tell(word.get_secret_value())
    told = list(watch(use.s(word, place, f"{folder}/go")).value)
    told.append(watch(nested.s(word=word)).value)
    failed = watch(fail_once.s(api_token, f"{folder}/mark"))
    if not failed.ok:
        raise RuntimeError(f"{failed.error}: {api_token}")
    return [*told, failed.value]
