"""Starts children: heard and recorded first, and then sent, or sent as they are recorded.

The record comes before the message, so a crash in between leaves a step that the next owner
knows and sends; the subscription is confirmed before the message too, so that no word of a child
is missed. It is asked for in the round trip of the record.

Where the broker is the Redis that keeps the runs, the message goes with the record. The child may
begin then before we know that it is recorded: what is said of it meanwhile waits. And it begins
before it is heard, which is made up for a moment later if it goes on (`attention.py`).
"""

from __future__ import annotations

import logging
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from inception.authoring.secret_arguments import sealed_headers
from inception.runs.celery_app import BROKER_ERRORS
from inception.runs.errors import StaleToken, StoreUnavailable
from inception.runs.jsontext import encode
from inception.runs.meta import cut_label
from inception.runs.paths import parent_path, task_id
from inception.runs.records import NewStep
from inception.watching.attention import Attention
from inception.watching.hub import Wanted
from inception.watching.live_node import LiveNode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inception.authoring.frame import StepRequest
    from inception.runs.records import Letter
    from inception.watching.context import Context
    from inception.watching.live import LiveRun
    from inception.watching.results import CeleryWord

log = logging.getLogger(__name__)

FIRST_RESEND: Final = 30.0
LONGEST_RESEND: Final = 600.0
"""Seconds (s) until an unclaimed child is sent again, doubled each time: the transport can lose
a message, and a claim drops the copies."""
_SOON: Final = 2.0
"""Seconds (s) until a child that the broker didn't take is sent again."""

_SENDERS: Final = 8
"""Messages on their way to the broker at once. After a take-over of hundreds of runs all their
parents send at the same time, and whatever children say would wait for its turn between them."""


class Steps:
    """Records and sends the steps of this process's parents."""

    def __init__(
        self,
        ctx: Context,
        on_word: Callable[[LiveRun, str, str, CeleryWord], None],
        on_missed: Callable[[LiveRun], None],
    ) -> None:
        """`on_missed` is called for a run of whose children a word may have been missed."""
        self._ctx = ctx
        self._on_word = on_word
        self._on_missed = on_missed
        self.attention = Attention(ctx, on_word)
        self._sending = threading.BoundedSemaphore(_SENDERS)

    def listen(self, live: LiveRun, nodes: Sequence[LiveNode]) -> None:
        """Hear these children; returns once Redis has confirmed it."""
        self._ask_for(live, nodes)()

    def _ask_for(self, live: LiveRun, nodes: Sequence[LiveNode]) -> Callable[[], None]:
        """Ask to hear these children; what is returned waits until Redis has confirmed it."""
        hub = self._ctx.hub
        wanted = self._wanted(live, nodes)
        if not wanted:
            return lambda: None
        confirmed = hub.ask_for(wanted)

        def wait() -> None:
            try:
                confirmed()
            except StoreUnavailable:  # or a revoke has ended one of them meanwhile
                live.lane.insist(lambda: hub.listen(self._wanted(live, nodes)))

        return wait

    def _wanted(self, live: LiveRun, nodes: Sequence[LiveNode]) -> list[Wanted]:
        """What is to be heard of those that go on; nothing for a run that was let go.

        It may be held anew here, by whoever hears them now.
        """
        if live.dropped:
            return []
        return [
            Wanted(
                live.lane.lease.token,
                node.task_id,
                partial(self._on_word, live, node.path, node.task_id),
            )
            for node in nodes
            if node.kind == "child" and not node.ended
        ]

    def start(self, live: LiveRun, requests: Sequence[tuple[str, StepRequest]]) -> list[LiveNode]:
        """Record the children at these paths and send them; parents are only recorded.

        Raises SpawnRefused if a revoke covers them, TooManyNodes, StaleToken, and SecretsRefused
        (then nothing was recorded).
        """
        for _path, request in requests:
            _check_secrets(request)
        nodes = [self._node(live, path, request) for path, request in requests]
        new = [self._new_step(node, self._letters(live, node)) for node in nodes]
        sent = [node for node, step in zip(nodes, new, strict=True) if step.letters]
        unsent = [
            node
            for node, step in zip(nodes, new, strict=True)
            if node.kind == "child" and not step.letters
        ]
        gaps = self._ctx.hub.gaps
        wait_until_heard = self._ask_for(live, unsent)
        try:
            self._record(live, nodes, new)
            wait_until_heard()
            if live.dropped:  # perhaps before these were among its nodes, so it has not left them
                raise StaleToken(f"Run {live.id} isn't held here any more.")
        except Exception:
            self._give_up(live, nodes)
            raise
        all_taken = self._hear_early(live, nodes)
        if not all_taken or (sent and self._ctx.hub.gaps != gaps):
            self._on_missed(live)
        self.attention.sent(live, sent)
        for node in sent:
            self._send_again(live, node, _first_pause(node.request))
        for node in unsent:
            self.send(live, node)
        return nodes

    def _record(self, live: LiveRun, nodes: Sequence[LiveNode], new: Sequence[NewStep]) -> None:
        """Record these, and take them in; letters among them are sent by that."""
        with live.lock:
            live.arriving.update((node.path, node) for node in nodes)
        live.writer.carry(
            lambda lease, op, cargo: self._ctx.store.spawn(lease, op, new, cargo.run, cargo.nodes)
        )
        self._take_in(live, nodes)

    def _give_up(self, live: LiveRun, nodes: Sequence[LiveNode]) -> None:
        for node in nodes:
            live.arriving.pop(node.path, None)
            self._ctx.hub.leave(live.lane.lease.token, node.task_id)

    @staticmethod
    def _hear_early(live: LiveRun, nodes: Sequence[LiveNode]) -> bool:
        """Take what was said of these meanwhile, in its order; False if some of it couldn't be.

        Only once all are heard: one that ends is left, and would be taken for one that isn't.
        """
        with live.lock:
            for node in nodes:
                live.arriving.pop(node.path, None)
            taken = [_take_early(live, node, hear) for node in nodes for hear in node.early]
            for node in nodes:
                node.early.clear()
        return all(taken)

    def start_anew(self, live: LiveRun, node: LiveNode, request: StepRequest) -> None:
        """Start a recorded step as what `request` asks for now; what was recorded is set aside.

        Only for a step that has ended, or that nobody has begun. Raises SpawnRefused, StepGoesOn,
        SecretsRefused.
        """
        _check_secrets(request)
        anew = self._node(live, node.path, request)
        anew.task_id = task_id(live.id, node.path, node.attempt + 1)
        earlier = node.as_earlier(node.state, node.meta["error"]) if node.ended else None
        step = self._new_step(anew)
        attempt = live.lane.commit(
            lambda lease, op: self._ctx.store.restart_step(lease, op, step, earlier=earlier)
        )
        with live.lock:
            live.forget_below(node.path)
            live.rollup.restart(node.path)
            live.journal[node.path] = f"{request.digest} {request.name}"
            node.begin_again(anew, attempt, self._ctx.clock.now_ms())
        if node.kind == "child":
            self.begin_attempt(live, node)

    def begin_attempt(self, live: LiveRun, node: LiveNode) -> None:
        """Hear and send a further attempt, which has a task id of its own."""
        self.listen(live, [node])
        self.send(live, node)

    def send(self, live: LiveRun, node: LiveNode) -> None:
        """Send the present attempt of a child, and again as long as nobody claims it.

        A child that this process hasn't come to in its replay has no request yet; it is sent
        when the replay asks for it.
        """
        if node.claim is None:
            self._send(live, node)
        else:
            self.expect_retry(live, node)

    def send_at_once(self, live: LiveRun, node: LiveNode) -> None:
        """Send a child whose message may be lost now, or when Celery's own retry of it is due."""
        claim = node.claim
        if claim is None:
            self._send(live, node)
        elif claim.retry_at is not None:
            self._send_again(live, node, max(_SOON, claim.retry_at / 1000 - time.time()))

    def expect_retry(self, live: LiveRun, node: LiveNode) -> None:
        """Celery sends its own retry of a child; see to it that this message isn't lost either."""
        claim = node.claim
        if claim is not None and claim.retry_at is not None:
            due = max(0.0, claim.retry_at / 1000 - time.time())
            self._send_again(live, node, due + FIRST_RESEND)

    def _send(self, live: LiveRun, node: LiveNode, pause: float = 0.0) -> None:
        """Send it, and again after `pause` (s), or soon if the broker is away."""
        request = node.request  # its end takes it from the node, perhaps while it is sent
        if request is None or node.ended or not node.awaits_claim or live.dropped:
            return
        try:
            with self._sending:
                self._ctx.outbox.send(live.id, node, request, self._ctx.clock.now())
            pause = max(pause, _first_pause(request))
        except BROKER_ERRORS as error:
            about = {"action": "send_failed", "run_id": live.id, "path": node.path}
            log.warning("The broker took no message, it is sent again: %s", error, extra=about)
            pause = _SOON
        self._send_again(live, node, pause)

    def _send_again(self, live: LiveRun, node: LiveNode, pause: float) -> None:
        """A task of a foreign worker claims nothing and is never sent twice on silence."""

        def again() -> None:
            longer = min(2 * pause, LONGEST_RESEND)
            if node.request is not None and self._ctx.consumers.serve(node.queue):
                self._send(live, node, longer)
            else:
                self._send_again(live, node, longer)

        with live.lock:
            if node.ended or not node.awaits_claim or live.dropped:
                return
            if node.resend is not None:
                node.resend.cancel()
            later = partial(self._ctx.crew.submit, live.guarded(again))
            node.resend = self._ctx.timers.call_later(pause, later)

    def _take_in(self, live: LiveRun, nodes: Sequence[LiveNode]) -> None:
        now = self._ctx.clock.now_ms()
        with live.lock:
            for node in nodes:
                node.queued_at = now
                live.add(node, _announced(node.request))
            for node in nodes:
                node.waiting = self._ctx.consumers.why_waiting(node.queue)
                if node.waiting is not None:
                    live.writer.post(node, {"waiting": _quoted(node.waiting)}, urgent=True)

    def _node(self, live: LiveRun, path: str, request: StepRequest) -> LiveNode:
        queue = self._ctx.outbox.queue_of(request) if request.kind == "child" else None
        return LiveNode(
            path=path,
            name=request.name,
            kind=request.kind,
            task_id=task_id(live.id, path, 1),
            queue=queue,
            request=request,
            retries=request.retries,
            retries_left=request.retries,
        )

    def _letters(self, live: LiveRun, node: LiveNode) -> Sequence[Letter]:
        """The messages that go along with a child's record; none where it is sent afterwards.

        Only into a queue that a worker of ours consumes: a foreign one's child is heard first.
        """
        ctx, request = self._ctx, node.request
        if request is None or node.kind != "child":
            return ()
        if not ctx.consumers.serve(node.queue):
            return ()
        return ctx.outbox.pack(live.id, node, request, ctx.clock.now())

    @staticmethod
    def _new_step(node: LiveNode, letters: Sequence[Letter] = ()) -> NewStep:
        request = node.request
        if request is None:
            raise ValueError(f"Node {node.path} has no request to record.")
        return NewStep(
            path=node.path,
            parent=parent_path(node.path),
            name=node.name,
            label=cut_label(request.label),
            kind=node.kind,
            task_id=node.task_id,
            queue=node.queue,
            args_text=encode(request.args, "arguments"),
            kwargs_text=encode(dict(request.kwargs), "arguments"),
            digest=request.digest,
            retries=request.retries,
            letters=letters,
        )


def _take_early(live: LiveRun, node: LiveNode, hear: Callable[[], None]) -> bool:
    """Take a word; what goes wrong with it is no error of the parent that starts the child."""
    try:
        hear()
    except Exception:
        about = {"action": "early_word_failed", "run_id": live.id, "path": node.path}
        log.exception("What a child said early could not be taken", extra=about)
        return False
    return True


def _check_secrets(request: StepRequest) -> None:
    """Raise SecretsRefused for a child whose message couldn't be sent; a parent has none."""
    if request.kind == "child":
        sealed_headers(request.task, request.hidden)


def _announced(request: StepRequest | None) -> int:
    """How many children a parent says it will have."""
    steps: Any = getattr(request.task, "steps", None) if request is not None else None
    return len(steps) if steps else 0


def _first_pause(request: StepRequest | None) -> float:
    """Seconds (s) until an unclaimed child is sent again, counted from its countdown."""
    countdown = request.options.get("countdown") if request is not None else None
    return FIRST_RESEND + (countdown or 0.0)


def _quoted(text: str) -> str:
    return encode(text)
