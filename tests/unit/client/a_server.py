"""A run's server in one object: it numbers changes, and answers `watch` as the protocol says."""

from __future__ import annotations

from typing import Any

from inception_client.following import Question
from inception_client.messages import Answered, Came, Replaced


def meta(completion: float = 0.0) -> dict[str, Any]:
    return {
        "iteration": int(completion),
        "total": 100,
        "completion": completion,
        "status": "PROGRESS",
        "message": "",
        "error": None,
    }


class Server:
    """The newest records, and as many changes as it keeps."""

    def __init__(self, keeps: int = 1_000) -> None:
        self.epoch = "e0"
        self.seq = 0
        self.nodes: dict[str, dict[str, Any]] = {}
        self.run: dict[str, Any] = {"id": "r", "state": "STARTED", "meta": meta(), "omitted": []}
        self.log: list[dict[str, Any]] = []
        self._keeps = keeps

    def move(self, path: str, completion: float) -> Any:
        """A node moves; the batch of that."""
        self.nodes[path] = {"path": path, "state": "PROGRESS", "meta": meta(completion)}
        return self._number({"node": self.nodes[path]})

    def end(self) -> Any:
        """The run succeeds; the batch of that."""
        self.run = {**self.run, "state": "SUCCESS", "meta": meta(100.0), "value": 7}
        return self._number({"run": self.run})

    def lose_some(self) -> None:
        """Redis was restarted: another epoch, and the last changes may be numbered again."""
        self.epoch = f"e{int(self.epoch[1:]) + 1}"
        self.log = []

    def snapshot(self) -> Any:
        """All of it."""
        return {
            "epoch": self.epoch,
            "seq": self.seq,
            "run": {**self.run, "epoch": self.epoch, "seq": self.seq},
            "nodes": list(self.nodes.values()),
            "complete": True,
        }

    def answer(self, question: Question) -> Answered:
        """What `watch` is acknowledged with."""
        known = question.position
        if known is None or known.epoch != self.epoch or not self._reaches(known.seq):
            return Answered(question.number, {"snapshot": self.snapshot()})
        events = [event for event in self.log if event["seq"] > known.seq]
        return Answered(question.number, {"batch": self.batch(known.seq, self.seq, events)})

    def batch(self, start: int, to: int, events: list[dict[str, Any]]) -> Any:
        """Changes from `start` to `to`."""
        return {"run_id": "r", "epoch": self.epoch, "from": start, "to": to, "events": events}

    def came(self, batch: Any) -> Came:
        """The batch as a message."""
        return Came(batch)

    def replaced(self) -> Replaced:
        """A snapshot as a message."""
        return Replaced(self.snapshot())

    def _reaches(self, seq: int) -> bool:
        oldest = self.log[0]["seq"] if self.log else self.seq + 1
        return oldest - 1 <= seq <= self.seq

    def _number(self, change: dict[str, Any]) -> Any:
        self.seq += 1
        self.log = [*self.log, {"seq": self.seq, "at": self.seq, **change}][-self._keeps :]
        return self.batch(self.seq - 1, self.seq, self.log[-1:])
