"""Sends children their messages, with a client of its own that hears no results.

The worker's own app would subscribe to the result of everything it sends (in green pools), wake
every waiter for every message, and leak the channels; a client without a result backend can't.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from celery import Celery

from inception.authoring.secret_arguments import sealed_headers
from inception.runs.celery_app import BROKER_ERRORS
from inception.runs.messages import Ticket, ticket_headers
from inception.watching.packing import Packer, can_pack

if TYPE_CHECKING:
    from kombu import Producer

    from inception.authoring.frame import StepRequest
    from inception.runs.records import Letter
    from inception.watching.live_node import LiveNode

log = logging.getLogger(__name__)

_SHARED_SETTINGS: Final = (
    "broker_url",
    "broker_transport_options",
    "broker_use_ssl",
    "broker_connection_timeout",
    "task_default_queue",
    "task_default_exchange",
    "task_default_routing_key",
    "task_queues",
    "task_routes",
    "task_create_missing_queues",
    "task_queue_max_priority",
    "task_serializer",
    "task_compression",
    "task_publish_retry",
    "task_publish_retry_policy",
    "task_protocol",
    "task_default_priority",
    "task_default_delivery_mode",
    "timezone",
    "enable_utc",
)
"""What decides how a message leaves, taken over from the worker's app."""

_NOT_FOR_SENDING: Final = frozenset({"ignore_result", "shadow", "task_id", "headers"})


class Outbox:
    """Sends recorded children to their queues, or packs what is sent as they are recorded."""

    def __init__(self, app: Celery, runs_url: str) -> None:
        """`runs_url` is the address of the Redis that keeps the runs."""
        self._app = app
        settings = {name: app.conf[name] for name in _SHARED_SETTINGS if name in app.conf}
        self._client = Celery(app.main, set_as_current=False)
        # Thread-safe as it does nothing: Celery would look for one in each parent's own thread.
        settings |= {"result_backend": "disabled://", "result_backend_thread_safe": True}
        self._client.conf.update(settings)
        self._packer = Packer(self._client) if can_pack(app, runs_url) else None

    def queue_of(self, request: StepRequest) -> str:
        """The queue that a child's message goes to."""
        options = self._options(request)
        routed = self._app.amqp.router.route(
            dict(options), request.name, request.args, request.kwargs
        )
        queue = routed.get("queue") or self._app.conf.task_default_queue
        return str(getattr(queue, "name", queue))

    def send(self, run_id: str, node: LiveNode, request: StepRequest, now: float) -> None:
        """Put the message of this node's present attempt, which `request` asks for, into its queue.

        `now` is Redis' time, in seconds (s) since the epoch, by which a countdown goes on.
        Raises one of BROKER_ERRORS if the broker doesn't take it within its retries,
        SecretsRefused for secret arguments without a key.
        """
        self._send(run_id, node, request, now)

    def pack(
        self, run_id: str, node: LiveNode, request: StepRequest, now: float
    ) -> tuple[Letter, ...]:
        """What `send` would push, for whoever records the step to push it; sends nothing.

        Nothing where the broker isn't the Redis that keeps the runs, or can't be reached.
        """
        if self._packer is None:
            return ()
        try:
            return self._packer.pack(
                lambda producer: self._send(run_id, node, request, now, producer=producer)
            )
        except BROKER_ERRORS as error:
            about = {"action": "pack_failed", "run_id": run_id, "path": node.path}
            log.info("A child is sent after its record: %s", error, extra=about)
            return ()

    def _send(
        self,
        run_id: str,
        node: LiveNode,
        request: StepRequest,
        now: float,
        *,
        producer: Producer | None = None,
    ) -> None:
        """Send it by one of the client's own producers, or by this one."""
        ticket = Ticket(run_id=run_id, path=node.path, attempt=node.attempt)
        options = {k: v for k, v in self._options(request).items() if k not in _NOT_FOR_SENDING}
        if node.claim is not None:  # a retry of Celery's own, which has a number of its own
            options = {**options, "retries": node.claim.retries + 1, "countdown": None, "eta": None}
        elif options.get("countdown") and node.attempt == 1:
            options["countdown"] = _left(options["countdown"], node.queued_at, now)
        self._client.send_task(
            request.name,
            args=list(request.args),
            kwargs=dict(request.kwargs),
            task_id=node.task_id,
            headers={**ticket_headers(ticket), **sealed_headers(request.task, request.hidden)},
            task_type=request.task,
            producer=producer,
            **options,
        )

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()
        if self._packer is not None:
            self._packer.close()

    @staticmethod
    def _options(request: StepRequest) -> dict[str, Any]:
        declared: dict[str, Any] = request.task._get_exec_options()  # noqa: SLF001 (no public way)
        return {**declared, **request.options}


def _left(countdown: float, queued_at: int | None, now: float) -> float:
    """What is left (s) of a countdown that began at `queued_at` (ms), if it has begun."""
    passed = 0.0 if queued_at is None else now - queued_at / 1000
    return max(0.0, countdown - max(0.0, passed))
