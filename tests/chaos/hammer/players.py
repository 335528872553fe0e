"""Players start one run after the other and see each to its end, through whatever happens."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from inception.runs.model import State
from tests.chaos.hammer.asking import Answer, Asker, NeverAnswered
from tests.chaos.hammer.clients import Audience
from tests.chaos.hammer.evidence import AskedRun
from tests.chaos.hammer.shapes import Shape

PLAYERS: Final = 12
"""Runs that go on at the same time."""
ENDS_WITHIN: Final = 180.0
"""Seconds (s) from a run's start to its end, faults included; more is reported as a breach."""

LOOKS_EVERY: Final = 15.0
"""Seconds (s) without an end after which a player looks whether Redis has lost what it asked."""

COMES_AGAIN: Final = 1.0
"""Seconds (s) in which a run that Redis has lost a part of is perhaps as far as it was."""

ANNOUNCED_WITHIN: Final = 10.0
"""Seconds (s) after Redis was emptied until a watcher, killed or not, has told of its parents."""

_FINAL: Final = frozenset({State.SUCCESS, State.FAILURE, State.REVOKED, State.LOST})
_RETRIED: Final = frozenset({"run_not_ended", "run_succeeded"})
_REVOKED: Final = frozenset({"run_already_ended", "node_already_ended"})
"""How a second try is refused if the first was carried out though its answer was lost."""


class StartRefused(Exception):
    """The server took a run for one that can't be started."""


class Players:
    """Threads that play shapes until they are told to end; `failures` tells what was not served."""

    def __init__(
        self,
        asker: Asker,
        audience: Audience,
        shapes: Iterator[Shape],
        flags: Path,
        lost: Callable[[float, float], bool],
    ) -> None:
        """`lost` tells whether Redis has lost what it acknowledged by a time and since one (s)."""
        self._lost = lost
        self._asker = asker
        self._audience = audience
        self._shapes = shapes
        self._flags = flags
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._runs: dict[str, AskedRun] = {}
        self.failures: list[str] = []
        self._all_seen = threading.Event()
        self._reminder = threading.Thread(target=self._remind, name="reminder", daemon=True)
        self._threads = [
            threading.Thread(target=self._play_on, name=f"player-{number}", daemon=True)
            for number in range(PLAYERS)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in (*self._threads, self._reminder):
            thread.start()

    def stop(self) -> list[AskedRun]:
        """Begin no further runs, and return all once their players have seen them end."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._all_seen.set()
        self._reminder.join()
        return list(self._runs.values())

    @property
    def count(self) -> int:
        """Runs accepted so far."""
        return len(self._runs)

    def _play_on(self) -> None:
        while not self._ended.is_set():
            with self._lock:
                shape = next(self._shapes)
            try:
                self._play(shape)
            except (NeverAnswered, StartRefused) as error:
                self.failures.append(str(error))

    def _play(self, shape: Shape) -> None:
        flag = self._raise_flag(shape)
        run_id = self._start(shape, flag)
        self._audience.watch(run_id)
        if shape.revoke_after is not None:
            self._revoke(run_id, shape, shape.revoke_after)
        deadline = time.monotonic() + ENDS_WITHIN
        state = self._wait_for_end(run_id, deadline)
        if flag is not None and state == State.FAILURE:
            seen_at = time.time()
            flag.unlink()
            self._retry(run_id, seen_at)
            left = deadline - time.monotonic()
            self._audience.wait_for_state(run_id, frozenset({State.SUCCESS}), left)

    def _wait_for_end(self, run_id: str, deadline: float) -> str | None:
        """The final state that a client sees; asks again now and then for what Redis has lost."""
        while (left := deadline - time.monotonic()) > 0:
            state = self._audience.wait_for_state(run_id, _FINAL, min(LOOKS_EVERY, left))
            if state is not None or self.is_gone(run_id):
                return state
            self.ask_again(run_id)
            if self._audience.says_gone(run_id):
                threading.Event().wait(COMES_AGAIN)
        return None

    def _remind(self) -> None:
        """Look after runs whose end was seen, and then lost: a child that only a revoke ends would
        keep its slot for good, and a few of them all there are.
        """
        while not self._all_seen.wait(LOOKS_EVERY):
            for run_id in list(self._runs):
                with suppress(NeverAnswered):
                    self.ask_again(run_id)

    def is_gone(self, run_id: str) -> bool:
        """True if Redis has lost the run itself."""
        run = self._runs[run_id]
        is_lost = self._lost(run.accepted_at, run.start_sent_at or run.accepted_at)
        return is_lost and self._asker.get(f"/runs/{run_id}").status == 404

    def ask_again(self, run_id: str) -> None:
        """Revoke once more what was to be revoked, if Redis has lost that it was asked for."""
        run = self._runs[run_id]
        asked_at = run.revoke_accepted_at
        if asked_at is not None and self._lost(asked_at, run.asked_upon or asked_at):
            body = {"path": run.shape.revoke_path} if run.shape.revoke_path else {}
            self._asker.post(f"/runs/{run_id}/revoke", body)

    def _raise_flag(self, shape: Shape) -> Path | None:
        if not shape.mend:
            return None
        flag = self._flags / str(shape.arguments["flag"])
        flag.touch()
        return flag

    def _start(self, shape: Shape, flag: Path | None) -> str:
        arguments = {**shape.arguments, **({} if flag is None else {"flag": str(flag)})}
        body = {"name": shape.name, "kwargs": arguments, "label": shape.kind}
        answer = self._asker.post("/runs", body, key=str(uuid.uuid4()))
        deadline = time.monotonic() + ANNOUNCED_WITHIN
        while self._is_to_be_announced(answer) and time.monotonic() < deadline:
            threading.Event().wait(COMES_AGAIN)
            answer = self._asker.post("/runs", body, key=str(uuid.uuid4()))
        if answer.status not in (200, 201):
            raise StartRefused(f"{shape.name} was refused: {answer.status} {answer.body}")
        run_id = str(answer.body["id"])
        self._put(
            AskedRun(id=run_id, shape=shape, accepted_at=answer.at, start_sent_at=answer.sent)
        )
        return run_id

    def _is_to_be_announced(self, answer: Answer) -> bool:
        """True if Redis was emptied of late, so that nobody knows yet which parents there are."""
        since = answer.sent - ANNOUNCED_WITHIN
        return answer.code == "parent_not_found" and self._lost(since, since)

    def _revoke(self, run_id: str, shape: Shape, after: float) -> None:
        """Ask for the shape's revoke, and anew where Redis has lost meanwhile what it is about."""
        body = {"path": shape.revoke_path} if shape.revoke_path else {}
        deadline = time.monotonic() + ENDS_WITHIN
        while True:
            if shape.revoke_path:
                self._wait_for_node(run_id, shape.revoke_path)
            seen_at = time.time()
            self._ended.wait(after)
            answer = self._asker.post(f"/runs/{run_id}/revoke", body)
            if answer.accepts(_REVOKED):
                accepted = {"revoke_accepted_at": answer.at, "asked_upon": seen_at}
                self._change(run_id, lambda run, said=accepted: replace(run, **said))
                return
            if not self._has_lost_node(run_id, answer, seen_at) or time.monotonic() > deadline:
                self._refused(run_id, "the revoke", answer, seen_at)
                return
            threading.Event().wait(COMES_AGAIN)

    def _has_lost_node(self, run_id: str, answer: Answer, seen_at: float) -> bool:
        """True if a node that a client knew is not there, as Redis has lost it; it comes again."""
        accepted_at = self._runs[run_id].accepted_at
        return answer.code == "node_not_found" and self._lost(seen_at, accepted_at)

    def _wait_for_node(self, run_id: str, path: str) -> None:
        """Return once a client knows the node: before that it can't be revoked."""

        def known() -> bool:
            views = self._audience.views(run_id).values()
            return any(
                view.gone or (view.known is not None and path in view.known.nodes) for view in views
            )

        self._audience.wait(known, ENDS_WITHIN)

    def _retry(self, run_id: str, seen_at: float) -> None:
        answer = self._asker.post(f"/runs/{run_id}/retry", {})
        if answer.accepts(_RETRIED):
            accepted = {"retry_accepted_at": answer.at, "asked_upon": seen_at}
            self._change(run_id, lambda run: replace(run, **accepted))
        else:
            self._refused(run_id, "the retry", answer, seen_at)

    def _refused(self, run_id: str, what: str, answer: Answer, seen_at: float) -> None:
        said = f"{what} was answered {answer.status} {answer.body.get('error')}"
        self._change(run_id, lambda run: replace(run, refusal=said, asked_upon=seen_at))

    def _put(self, run: AskedRun) -> None:
        with self._lock:
            self._runs[run.id] = run

    def _change(self, run_id: str, change: Callable[[AskedRun], AskedRun]) -> None:
        with self._lock:
            self._runs[run_id] = change(self._runs[run_id])
