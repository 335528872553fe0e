"""Rooms through everything at once: lost messages, new epochs, slow clients, hasty ones.

A run is written to, its messages come or don't, clients watch, leave, stall and drain, and all of
that also while something else is half done: between a batch being made and being sent, between the
store being asked and its answer being taken. Whatever happened, in the end who watches shows what
is so, and nobody was ever sent a batch that doesn't continue what it has.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from inception.runs.errors import EventsGone, RunNotFound
from tests.unit.webapp.records import batch, node_event, snapshot
from webapp.relay.marks import Bells
from webapp.relay.room import Position
from webapp.relay.run_feed import subject
from webapp.relay.run_rooms import RunRooms

RUN = "r"
PATHS = 4
KEPT = 12
"""Events that the store keeps of a run."""
OPERATIONS = 150


class Store:
    """The run's record: its events since it began, or since its epoch changed."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self.epoch, self.seq, self.gone = "e1", 1, False
        self.nodes: dict[str, str] = {}
        self.events: list[Any] = []
        self._meanwhile = meanwhile

    def write(self, path: str, message: str) -> str:
        self.seq += 1
        self.nodes[path] = message
        self.events.append(node_event(self.seq, path, message))
        said = batch(self.seq - 1, self.seq, self.events[-1], epoch=self.epoch, run_id=RUN)
        return json.dumps(said, separators=(",", ":"))

    def restart(self, lost: int, epoch: str) -> None:
        """Begin another epoch, without what was written last."""
        self.seq = max(1, self.seq - lost)
        kept = [event for event in self.events if event["seq"] <= self.seq]
        self.nodes = {str(subject(event)): event["node"]["message"] for event in kept}
        self.epoch, self.events = epoch, []

    def snapshot(self, _run_id: str) -> Any:
        self._meanwhile()
        if self.gone:
            raise RunNotFound("gone")
        nodes = [{"path": path, "message": said} for path, said in self.nodes.items()]
        read = {**snapshot(self.seq, epoch=self.epoch), "nodes": nodes}
        self._meanwhile()
        return read

    def events_since(self, _run_id: str, epoch: str, seq: int) -> Any:
        self._meanwhile()
        if self.gone:
            raise RunNotFound("gone")
        first = self.events[-KEPT:][0]["seq"] if self.events else self.seq + 1
        if epoch != self.epoch or not first - 1 <= seq <= self.seq:
            raise EventsGone("older than what is kept")
        later = [event for event in self.events if event["seq"] > seq]
        read = {**batch(seq, self.seq, epoch=epoch, run_id=RUN), "events": later}
        self._meanwhile()
        return read


class Viewer:
    """A client that keeps to the protocol, and what was put into its queue and not read yet."""

    def __init__(self, sid: str, capacity: int) -> None:
        self.sid, self.capacity = sid, capacity
        self.queue: list[tuple[str, Any]] = []
        self.known: Position | None = None
        self.shown: dict[str, str] = {}
        self.watching = self.asking = self.is_behind = self.must_ask = self.told_gone = False

    def read(self) -> None:
        while self.queue:
            event, payload = self.queue.pop(0)
            if event == "gone":
                self.told_gone = True
            elif event == "snapshot":
                self.take(payload)
            else:
                self.apply(payload)

    def take(self, read: Any) -> None:
        self.known = Position(read["epoch"], read["seq"])
        self.shown = {node["path"]: node["message"] for node in read["nodes"]}

    def apply(self, said: Any) -> None:
        assert self.known is not None
        if said["epoch"] != self.known.epoch:
            self.must_ask = True  # it may have been sent before this one's answer
            return
        if said["to"] <= self.known.seq:
            return
        assert said["from"] <= self.known.seq, f"{self.sid}: a hole before {said['from']}"
        for event in said["events"]:
            if event["seq"] > self.known.seq:
                self.shown[event["node"]["path"]] = event["node"]["message"]
        self.known = Position(said["epoch"], said["to"])


class World:
    """All of it, and one operation after the other, sometimes one within the other."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = 0.0
        self.depth = 0
        self.settled = 0
        self.epochs = 1
        self.hears = True
        self.handlers: list[Callable[[str], None]] = []
        self.store = Store(self.meanwhile)
        self.viewers = {
            sid: Viewer(sid, self.chance.choice([1, 2, 5, 1000])) for sid in ("one", "two", "three")
        }
        listener: Any = SimpleNamespace(subscribe=self.subscribe, unsubscribe=self.unsubscribe)
        meter: Any = SimpleNamespace(sent=lambda *_arguments, **_more: None)
        bells = Bells(flush=lambda: None, read=lambda: None)
        store: Any = self.store
        clients: Any = self
        self.rooms = RunRooms(store, listener, clients, bells, meter)

    # -------------------------------------------------- as the clients and the listener

    def __contains__(self, sid: str) -> bool:
        return sid in self.viewers

    def is_behind(self, sid: str) -> bool:
        return self.viewers[sid].is_behind

    def emit(self, event: str, payload: Any, sids: Iterable[str], _now: float) -> set[str]:
        behind = set()
        for sid in sorted(sids):
            viewer = self.viewers[sid]
            viewer.is_behind = viewer.is_behind or len(viewer.queue) >= viewer.capacity
            if viewer.is_behind:
                behind.add(sid)
            else:
                viewer.queue.append((event, payload))
        return behind

    def subscribe(self, _channel: str, handler: Callable[[str], None]) -> None:
        self.handlers.append(handler)

    def unsubscribe(self, _channel: str, handler: Callable[[str], None]) -> None:
        if handler in self.handlers:
            self.handlers.remove(handler)

    # ------------------------------------------------------------------------- operations

    def meanwhile(self) -> None:
        """Something else, if chance has it so; it may not be within itself."""
        if self.depth < 2 and self.chance.random() < 0.3:
            self.depth += 1
            self.chance.choice(
                [self.write, self.cut, self.restart, self.stop_watching, self.drain]
            )()
            self.depth -= 1

    def write(self) -> None:
        text = self.store.write(str(self.chance.randrange(PATHS)), f"said at {self.store.seq}")
        if self.hears:
            for handler in list(self.handlers):
                handler(text)

    def cut(self) -> None:
        """The listener loses its connection, or has it again."""
        self.hears = not self.hears
        if self.hears:
            self.rooms.gap()

    def restart(self) -> None:
        """Redis comes back without the last it was told: rarely, and never unheard."""
        if self.chance.random() < 0.2:
            self.epochs += 1
            self.store.restart(self.chance.randrange(3), f"e{self.epochs}")
            self.hears = True
            self.rooms.gap()
            self.write()

    def watch(self) -> None:
        viewer = self.chance.choice(list(self.viewers.values()))
        viewer.read()
        self.ask(viewer)

    def ask(self, viewer: Viewer) -> None:
        """Its events are handled one after the other: nothing else of its own comes between."""
        viewer.must_ask = False
        viewer.watching = viewer.asking = True
        try:
            answer = self.rooms.watch(viewer.sid, RUN, viewer.known)
        except RunNotFound:
            viewer.told_gone = True
            return
        finally:
            viewer.asking = False
        if "snapshot" in answer:
            viewer.take(answer["snapshot"])
        else:
            viewer.apply(answer["batch"])

    def stop_watching(self) -> None:
        viewer = self.chance.choice(list(self.viewers.values()))
        if viewer.watching and not viewer.asking:
            viewer.watching = False
            self.rooms.unwatch(viewer.sid, RUN)
            viewer.read()

    def drain(self) -> None:
        viewer = self.chance.choice(list(self.viewers.values()))
        if viewer.asking:
            return  # what comes before the answer is kept for after it
        viewer.read()
        self.settle(viewer)

    def settle(self, viewer: Viewer) -> None:
        if viewer.is_behind:
            viewer.is_behind = False
            self.settled += 1

    def flush(self) -> None:
        self.now += self.chance.choice([0.0, 0.01, 0.2])
        self.rooms.flush(self.now)

    def read(self) -> None:
        self.rooms.read()

    def bring_to_rest(self) -> None:
        """Everything drains, is heard, read and flushed, until nothing more happens."""
        if not self.hears:
            self.cut()
        for _ in range(20):
            self.now += 1.0
            self.rooms.flush(self.now)
            self.rooms.read()
            for viewer in self.viewers.values():
                viewer.read()
                self.settle(viewer)
                if viewer.watching and viewer.must_ask:
                    self.ask(viewer)


def live_through(world: World) -> None:
    often = [world.write] * 6 + [world.flush] * 6 + [world.read] * 4
    rare = [world.watch, world.watch, world.stop_watching, world.drain, world.cut, world.restart]
    for _ in range(OPERATIONS):
        world.chance.choice(often + rare)()


@pytest.mark.parametrize("seed", range(150))
def test_who_watches_shows_what_is_so_in_the_end(seed: int) -> None:
    world = World(seed)
    live_through(world)
    world.depth = 2  # from here on nothing happens meanwhile
    world.bring_to_rest()
    for viewer in world.viewers.values():
        if viewer.watching:
            assert viewer.known == Position(world.store.epoch, world.store.seq)
            assert viewer.shown == world.store.nodes
    if not any(viewer.watching for viewer in world.viewers.values()):
        assert world.handlers == []


@pytest.mark.parametrize("seed", range(50))
def test_everybody_is_told_that_a_run_is_gone(seed: int) -> None:
    world = World(seed)
    live_through(world)
    world.depth = 2
    world.store.gone = True
    for handler in list(world.handlers):
        handler(json.dumps({"gone": RUN}))
    world.bring_to_rest()
    for viewer in world.viewers.values():
        assert viewer.told_gone or not viewer.watching
    assert world.handlers == []
    assert world.rooms._rooms == {}
    world.settled += 1
    world.rooms.flush(world.now)
    assert not world.rooms._lagging
