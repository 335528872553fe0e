"""Frames past the writer, over a real connection that fills up, without Engine.IO."""

from __future__ import annotations

import queue
import socket
import warnings
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from engineio.packet import MESSAGE, PING, Packet

from webapp.relay.frames import SharedPacket, message_frame
from webapp.relay.outbox import Outbox
from webapp.relay.outlet import Outlet, open_outlet

LARGE = "x" * 2_000_000
"""More than a connection takes at once."""


class Green:
    """A socket as eventlet has it: `fd` is the real one, which doesn't block; `sendall` waits."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.fd = connection
        self.on_full: Callable[[], None] = lambda: None

    def sendall(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            try:
                left = left[self.fd.send(left) :]
            except BlockingIOError:
                self.on_full()


class Websocket:
    """A websocket that frames what it is told to send."""

    def __init__(self, connection: socket.socket, **extensions: dict[str, Any]) -> None:
        self.socket = Green(connection)
        self.extensions = {name.replace("_", "-"): value for name, value in extensions.items()}

    def send(self, message: str, *, control_code: int | None = None) -> None:
        assert isinstance(message, str)
        frame = message_frame(message, deflated=False)
        self.socket.sendall(bytes([0x80 | control_code]) + frame[1:] if control_code else frame)


class Far:
    """The other end."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.read = b""

    def take(self) -> None:
        """Read what has come."""
        self._connection.setblocking(False)
        try:
            while chunk := self._connection.recv(1 << 20):
                self.read += chunk
        except BlockingIOError:
            return


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        yield near, far


@pytest.fixture
def websocket(ends: tuple[socket.socket, socket.socket]) -> Websocket:
    return Websocket(ends[0])


@pytest.fixture
def far(ends: tuple[socket.socket, socket.socket], websocket: Websocket) -> Far:
    far = Far(ends[1])
    websocket.socket.on_full = far.take
    return far


def opened(websocket: Any, *, upgraded: bool = True) -> Outlet:
    outlet = open_outlet(websocket, SimpleNamespace(upgraded=upgraded))
    assert outlet is not None
    return outlet


def frame(text: str) -> bytes:
    return message_frame(text, deflated=False)


def test_a_frame_leaves_at_once(websocket: Websocket, far: Far) -> None:
    assert opened(websocket).take(frame("one")) is None
    far.take()
    assert far.read == frame("one")


def test_what_the_connection_does_not_take_goes_before_all_that_follows(
    websocket: Websocket, far: Far
) -> None:
    outlet = opened(websocket)
    rest = outlet.take(frame(LARGE))
    assert rest is not None
    assert not outlet.is_free
    websocket.send("pong", control_code=0xA)  # the websocket's own, of which no writer knows
    websocket.send(rest.encode())  # type: ignore[arg-type]
    assert outlet.is_free
    assert outlet.take(frame("later")) is None
    far.take()
    assert far.read == frame(LARGE) + b"\x8a\x04pong" + frame("later")


def test_a_full_connection_takes_nothing_and_the_whole_frame_is_left(
    websocket: Websocket, far: Far
) -> None:
    outlet = opened(websocket)
    with pytest.raises(BlockingIOError):
        while True:
            websocket.socket.fd.send(b"\x00")
    rest = outlet.take(frame("one"))
    assert rest is not None
    assert bytes(rest.data) == frame("one")
    far.take()
    websocket.send(rest.encode())  # type: ignore[arg-type]
    far.take()
    assert far.read.strip(b"\x00") == frame("one")


def test_it_is_not_free_while_something_is_being_sent(websocket: Websocket, far: Far) -> None:
    outlet = opened(websocket)
    seen: set[bool] = set()

    def look_and_read() -> None:
        seen.add(outlet.is_free)
        far.take()

    websocket.socket.on_full = look_and_read
    websocket.send(LARGE)
    assert seen == {False}
    assert outlet.is_free
    far.take()
    assert far.read == frame(LARGE)


def test_a_broken_connection_is_the_writers_to_find(
    websocket: Websocket, ends: tuple[socket.socket, socket.socket]
) -> None:
    outlet = opened(websocket)
    ends[1].close()
    rest = outlet.take(frame("one"))
    assert rest is not None
    with pytest.raises(OSError, match="pipe"):
        websocket.send(rest.encode())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "deflated"),
    [
        (None, False),
        ({"server_no_context_takeover": True}, True),
        ({"server_no_context_takeover": True, "server_max_window_bits": 15}, True),
        ({"server_no_context_takeover": True, "server_max_window_bits": 9}, False),
        ({"server_no_context_takeover": False}, False),
    ],
)
def test_frames_are_compressed_for_who_can_read_each_by_itself(
    ends: tuple[socket.socket, socket.socket], options: dict[str, Any] | None, deflated: bool
) -> None:
    extensions = {} if options is None else {"permessage_deflate": options}
    assert opened(Websocket(ends[0], **extensions)).deflated is deflated


def test_there_is_none_where_the_socket_blocks_or_is_hidden() -> None:
    near, far = socket.socketpair()
    with near, far:
        blocking = Websocket(near)
        near.setblocking(True)
        owner = SimpleNamespace(upgraded=True)
        assert open_outlet(blocking, owner) is None
        assert open_outlet(SimpleNamespace(ws=object()), owner) is None


# ------------------------------------------------------------------- with the queue before it


class Queue(queue.Queue[Any]):
    """One whose writer sleeps while `on_wait` is called."""

    def __init__(self) -> None:
        super().__init__()
        self.on_wait: Callable[[], None] = lambda: None

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        if block and self.empty():
            self.on_wait()
        return super().get(block=False)


@pytest.fixture
def inner() -> Queue:
    return Queue()


@pytest.fixture
def box(inner: Queue, websocket: Websocket) -> Outbox:
    box = Outbox(inner)
    box.outlet = opened(websocket)
    return box


def write(box: Outbox, websocket: Websocket) -> None:
    """What Engine.IO's writer does once it is woken: take all there is, then send each."""
    packets = [box.get()]
    while box.qsize():
        packets.append(box.get(block=False))
    for packet in packets:
        assert packet is not None
        websocket.send(packet.encode())  # type: ignore[attr-defined]


def test_a_message_passes_a_writer_that_sleeps(
    box: Outbox, inner: Queue, websocket: Websocket, far: Far
) -> None:
    def emit() -> None:
        box.put(SharedPacket("one"))
        assert box.qsize() == 0
        box.put(Packet(MESSAGE, "two"))
        assert box.qsize() == 0
        box.put(Packet(PING))  # the writer has to hear of those

    inner.on_wait = emit
    write(box, websocket)
    far.take()
    assert far.read == frame("4one") + frame("4two") + frame("2")


def test_a_client_that_has_not_changed_to_its_websocket_yet_is_sent_to_by_the_queue(
    box: Outbox, inner: Queue, websocket: Websocket, far: Far
) -> None:
    box.outlet = opened(websocket, upgraded=False)
    inner.on_wait = lambda: box.put(SharedPacket("one"))
    packet = box.get()
    far.take()
    assert packet is not None
    assert packet.encode() == "4one"  # type: ignore[attr-defined]
    assert far.read == b""


def test_no_message_overtakes_one_that_waits_or_is_being_sent(
    box: Outbox, inner: Queue, websocket: Websocket, far: Far
) -> None:
    box.put(SharedPacket("one"))  # the writer has not asked yet

    def emit_and_read() -> None:
        if not box.qsize():
            box.put(SharedPacket("three"))
        assert box.qsize() == 1
        far.take()

    box.put(SharedPacket("two" + LARGE))
    websocket.socket.on_full = emit_and_read
    write(box, websocket)
    write(box, websocket)
    far.take()
    assert far.read == frame("4one") + frame("4two" + LARGE) + frame("4three")


def test_the_rest_of_a_large_message_waits_in_the_queue_and_counts(
    box: Outbox, inner: Queue, websocket: Websocket, far: Far
) -> None:
    def emit() -> None:
        box.put(SharedPacket(LARGE))
        box.put(SharedPacket("after"))
        assert box.qsize() == 2

    inner.on_wait = emit
    write(box, websocket)
    far.take()
    assert far.read == frame("4" + LARGE) + frame("4after")
    assert not box.is_full


def test_a_rest_of_many_bytes_means_that_the_client_is_behind(
    box: Outbox, inner: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.relay.outbox.MAX_BYTES", 100_000)

    def emit() -> None:
        box.put(SharedPacket(LARGE))
        assert box.is_full

    inner.on_wait = emit
    box.get()
    assert not box.is_full


def test_a_rest_that_a_pong_took_along_counts_no_more_once_it_is_taken_out(
    box: Outbox, inner: Queue, websocket: Websocket, far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.relay.outbox.MAX_BYTES", 1)

    def emit() -> None:
        box.put(SharedPacket(LARGE))
        websocket.send("pong", control_code=0xA)
        assert box.is_full

    inner.on_wait = emit
    write(box, websocket)
    far.take()
    assert far.read == frame("4" + LARGE) + b"\x8a\x04pong"
    assert not box.is_full


def test_eventlets_own_websocket_has_what_an_outlet_needs(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # eventlet's, of its own retirement
        from eventlet.greenio import GreenSocket  # noqa: PLC0415
        from eventlet.websocket import RFC6455WebSocket  # noqa: PLC0415
    deflate = {"server_no_context_takeover": True}
    real = RFC6455WebSocket(GreenSocket(ends[0]), {}, extensions={"permessage-deflate": deflate})
    outlet = opened(real)
    assert outlet.deflated
    assert outlet.take(frame("one")) is None
    real.send("two", control_code=0xA)
    assert ends[1].recv(100) == frame("one") + b"\x8a\x03two"
