"""Tasks that the project had before."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from shop.celery import app


@app.task(bind=True)
def greet(self: Any, who: str) -> str:
    return str(self.audit(f"hello {who}"))


@shared_task
def weigh(item: int) -> int:
    return item * 100


@shared_task
def leave() -> None:
    raise SystemExit(2)
