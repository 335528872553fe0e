"""Runs the function of a parent in a thread of its own, and records how it ends.

A parent ends after its children: those not ended when it returns are waited for, when it raises
they are revoked first. Under a revoke it is woken with RunRevoked, and ends all the same after
`UNWIND` seconds if its function doesn't leave; the thread, stale by then, is left to itself.
"""

from __future__ import annotations

import _thread
import logging
import traceback
from functools import partial
from typing import TYPE_CHECKING

from inception.authoring.body import run_behind
from inception.authoring.errors import RunRevoked
from inception.authoring.outcome import describe_exception, end_meta, judge
from inception.authoring.redaction import redacting
from inception.runs.errors import InceptionError, RunNotFound, StaleToken
from inception.runs.jsontext import encode
from inception.runs.meta import cut
from inception.runs.model import MAX_TRACEBACK_BYTES, ROOT, State
from inception.runs.paths import parent_path
from inception.runs.recordtext import raw
from inception.watching.arrivals import Dropped
from inception.watching.deadlines import UNWIND
from inception.watching.endings import failed_end, revoked_end, under_revoke
from inception.watching.frame import LiveFrame, arguments_of, secrets_of
from inception.watching.live_node import NodeEnd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from celery import Celery

    from inception.watching.context import Context
    from inception.watching.desk import Desk
    from inception.watching.endings import Endings
    from inception.watching.live import LiveRun
    from inception.watching.live_node import LiveNode

log = logging.getLogger(__name__)


class Bodies:
    """Starts parents' functions and ends their nodes."""

    def __init__(
        self,
        ctx: Context,
        app: Celery,
        endings: Endings,
        end_run: Callable[[LiveRun, NodeEnd], None],
    ) -> None:
        self._ctx = ctx
        self._app = app
        self._endings = endings
        self._end_run = end_run
        self.desk: Desk

    def begin(self, live: LiveRun, node: LiveNode, *, instead: NodeEnd | None = None) -> None:
        """Run the parent at `node` in a thread of its own, unless it runs already.

        With an end to have `instead` its function isn't called: it ends so, after its children.
        """
        with live.lock:
            if node.path in live.frames or node.ended or live.dropped:
                return
            frame = LiveFrame(self.desk, live, node)
            live.frames[node.path] = frame
            if node.path != ROOT and node.state == State.PENDING:
                node.state = State.STARTED
                live.writer.post(node, {"state": raw(State.STARTED)}, urgent=True)
        # Without a `threading.Thread`: its event, its lock and its names are a tenth of what a
        # parent takes that waits, and nobody joins it or asks for its name.
        _thread.start_new_thread(self._lead, (live, frame, instead))

    def _lead(self, live: LiveRun, frame: LiveFrame, instead: NodeEnd | None) -> None:
        """Run the parent in the calling thread from its begin to its recorded end."""
        frame.adopt_thread()
        about = {"action": "run_dropped", "run_id": live.id, "path": frame.path}
        try:
            end = instead or self._run(live, frame)
            self._close(live, frame, end)
        except (Dropped, StaleToken, RunNotFound):
            log.info("A parent of a run that isn't held here any more has left", extra=about)
        except BaseException:
            # Whatever it is, the run must not wait for a parent that is no more.
            log.exception("A parent could not be ended", extra={**about, "action": "parent_broken"})
            live.break_off()
        finally:
            live.frames.pop(frame.path, None)

    def _run(self, live: LiveRun, frame: LiveFrame) -> NodeEnd:
        """Call the function; whatever comes of it is an end."""
        task = self._app.tasks.get(frame.node.name)
        if task is None:
            return failed_end(frame.node.meta, _unknown(frame.node.name))
        try:
            frame.check()
            args, kwargs = arguments_of(frame, live)
            with redacting(secrets_of(frame, live)):
                value = run_behind(frame, task, args, kwargs, task_id=frame.node.task_id)
        except (Dropped, StaleToken):
            raise
        except RunRevoked as revoked:
            return self._stopped(frame, revoked)
        except BaseException as error:  # noqa: BLE001  (SystemExit out of a body is a failure too)
            return _raised(frame.node, error)
        return _returned(frame.node, value)

    @staticmethod
    def _stopped(frame: LiveFrame, revoked: RunRevoked) -> NodeEnd:
        if frame.expired is not None:
            return failed_end(frame.node.meta, str(revoked))
        return revoked_end(frame.node.meta)

    def _close(self, live: LiveRun, frame: LiveFrame, end: NodeEnd) -> None:
        """End the children, then the parent."""
        self._stop_abandoned(live, frame)
        if end.state != State.SUCCESS:
            self._stop_children(live, frame)
        frame.wait_for_children()
        if live.is_revoked(frame.path) and end.state != State.REVOKED:
            end = under_revoke(end, frame.node.meta)
        if frame.path == ROOT:
            self._end_run(live, end)
        else:
            self._endings.finish(live, frame.node, end)

    def _stop_children(self, live: LiveRun, frame: LiveFrame) -> None:
        going_on = [child for child in frame.children if not child.ended]
        self._stop(live, going_on, "its parent ended badly")

    def _stop_abandoned(self, live: LiveRun, frame: LiveFrame) -> None:
        """Children of an earlier try that this one hasn't asked for: nobody wants them any more."""
        known = {child.path for child in frame.children}
        with live.lock:
            abandoned = [
                node
                for node in live.nodes.values()
                if node.path != ROOT
                and parent_path(node.path) == frame.path
                and node.path not in known
                and not node.recorded
            ]
        frame.children.extend(abandoned)
        self._stop(live, abandoned, "its parent asked for it no more")
        for node in abandoned:
            if node.kind == "parent":
                self.begin(live, node)

    def _stop(self, live: LiveRun, nodes: Iterable[LiveNode], reason: str) -> None:
        unasked = [node for node in nodes if not live.is_revoked(node.path)]
        self.desk.revoker.request(live, unasked, reason=reason)

    def watch_unwinding(self, live: LiveRun) -> None:
        """A revoke came: after a while end the parents that it covers, left or not."""
        self._ctx.timers.call_later(
            UNWIND, partial(self._ctx.crew.submit, live.guarded(partial(self._abandon, live)))
        )

    def _abandon(self, live: LiveRun) -> None:
        stale = [f for f in live.frames.values() if live.is_revoked(f.path)]
        # Of a run that was taken over: parents that their own parent hasn't come to, and now won't.
        for node in list(live.nodes.values()):
            if node.kind == "parent" and node.path != ROOT and live.is_revoked(node.path):
                self.begin(live, node)
        for frame in stale:
            about = {"action": "parent_abandoned", "run_id": live.id, "path": frame.path}
            log.warning("A revoked parent doesn't leave and is ended without it", extra=about)
            if frame.path == ROOT:
                self._end_run(live, revoked_end(frame.node.meta))
            else:
                self._endings.finish(live, frame.node, revoked_end(frame.node.meta))


def _returned(node: LiveNode, value: object) -> NodeEnd:
    try:
        text = encode(value, "return value")
    except InceptionError as refused:
        return failed_end(node.meta, f"Error in {node.name}: {refused}")
    error = judge(value, "parent")
    return NodeEnd(
        state=State.FAILURE if error else State.SUCCESS,
        meta=end_meta(node.meta, value, error),
        value_text=text,
    )


def _raised(node: LiveNode, error: BaseException) -> NodeEnd:
    end = failed_end(node.meta, describe_exception(node.name, error))
    lines = "".join(traceback.format_exception(error))
    return NodeEnd(state=State.FAILURE, meta=end.meta, traceback=cut(lines, MAX_TRACEBACK_BYTES))


def _unknown(name: str) -> str:
    return (
        f"No parent {name} is known to this watcher. Import its module: put it under tasks/ or "
        "name it in INCEPTION_TASKS, and start the watchers again."
    )
