"""Keeps no receipts in Redis for messages that a record stands behind.

kombu writes each message that a worker takes down in Redis, whole, and strikes it out when it is
acknowledged, so that one whose worker dies comes again an hour later: two round trips of the
worker's own loop, the first of which the message's task waits for. Nobody waits an hour for a
message of ours: a run that nobody owns is taken by its record, and a child that nobody claims is
sent again by its run's owner, at once when a worker has died. So their receipts are kept in memory
only. What is put back into a queue (by a worker that is told to leave, or rejects a message) is put
back from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kombu import Connection
from kombu.transport import redis, virtual

from inception.runs.messages import ticket_in

if TYPE_CHECKING:
    from celery import Celery


class Receipts(redis.QoS):  # type: ignore[misc]  # kombu has no types
    """What a worker has taken and not acknowledged."""

    def append(self, message: Any, delivery_tag: str) -> None:
        """Keep the receipt of a message that was taken."""
        keep = virtual.QoS.append if _has_record(message) else redis.QoS.append
        keep(self, message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """Drop the receipt."""
        drop = redis.QoS.ack if self._in_memory(delivery_tag) is None else virtual.QoS.ack
        drop(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Drop the receipt; put the message back first, to come next, if it is to `requeue`."""
        if requeue or self._in_memory(delivery_tag) is None:
            super().reject(delivery_tag, requeue)
        else:
            virtual.QoS.ack(self, delivery_tag)

    def restore_by_tag(self, tag: str, client: Any = None, leftmost: bool = False) -> None:
        """Put a message back into its queue, to come next if `leftmost`."""
        message = self._in_memory(tag)
        if message is None:
            super().restore_by_tag(tag, client, leftmost)
            return
        sent_to = message.delivery_info["exchange"], message.delivery_info["routing_key"]
        with self.pipe_or_acquire(client=client) as pipe:
            restore = self.channel._do_restore_message  # noqa: SLF001 -- what kombu itself restores by
            restore(message._raw, *sent_to, pipe, leftmost)  # noqa: SLF001
            pipe.execute()

    def _in_memory(self, tag: str) -> Any:
        """The message with this receipt, if that is kept here alone."""
        message = self._delivered.get(tag)
        is_dropped = message is None or tag in self._dirty
        return message if not is_dropped and _has_record(message) else None


class Channel(redis.Channel):  # type: ignore[misc]
    """kombu's channel over Redis, with these receipts."""

    QoS = Receipts


class Transport(redis.Transport):  # type: ignore[misc]
    """kombu's transport over Redis, with these receipts."""

    Channel = Channel


def keep_receipts_in_memory(app: Celery) -> None:
    """Have the workers of `app` take messages so, if its broker is a plain Redis."""
    conf = app.conf
    brokers = (conf.broker_read_url or conf.broker_url, conf.broker_write_url or conf.broker_url)
    if not conf.broker_transport and all(str(url).startswith("redis://") for url in brokers):
        conf.broker_transport = f"{Transport.__module__}:{Transport.__qualname__}"
        Connection.resolve_aliases[conf.broker_transport] = "redis"  # what is shown of it


def _has_record(message: Any) -> bool:
    """True for a message of ours that is to be worked on at once.

    One with an `eta` waits in the worker that took it, perhaps for days.
    """
    headers = message.headers
    if not isinstance(headers, dict) or headers.get("eta"):
        return False
    return ticket_in(headers) is not None
