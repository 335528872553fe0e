"""Hears channels over one connection, and says when it may have missed something.

Pub/sub delivers at most once: whatever is said while a connection is down is lost. So a caller
subscribes, waits for the confirmation, and only then reads the state; and whenever the connection
was lost, everything is subscribed again and `on_gap` tells the caller to read the state anew.

One thread (a green one where sockets are) connects, receives, and hands each message to the
handlers of its channel. Any thread may subscribe: what is to be sent goes into one queue, and
whoever gets the lock sends all of it, so hundreds of subscriptions at once are a few commands.
A second thread feels the connection's pulse once a tick. The first waits without a time-out: under
eventlet each receipt would leave a dead timer behind, which later wakes the process for nothing.

    subscribe ──▶ waiting ──SUBSCRIBE sent──▶ asked ──confirmed──▶ heard
                     ▲                                               │
                     └────────── connection lost: all of them ◀──────┘

A connection that is dead without being closed (half-open) is found by a ping: when nothing was
heard for `ping_every` one is sent, and if as long again passes in silence it is dropped.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from inception.runs.channels import Channel, Handler, commands_for, without
from inception.runs.errors import StoreUnavailable
from inception.runs.wakeup import Wakeup
from inception.runs.wire import Reply, Wire, pack

log = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0
"""Seconds (s) between attempts to connect: doubled from the first to the longest."""
_LINGER: Final = 0.05
"""Seconds (s) for which an unsubscription waits for company; it is sent then with the next message
that is heard, or by the next tick."""
_TICK: Final = 1.0
"""Seconds (s) between two looks at the connection's pulse, if pings are not closer than four."""
_PING: Final = pack("PING")


class Listener:
    """One pub/sub connection of a process, and the thread that reads it.

    Handlers, `on_gap`, `on_lost` and `on_heard` are called from that thread and must not block:
    nothing else is heard meanwhile. They must not subscribe either, since they would wait for
    themselves; they may unsubscribe. An exception out of one is logged and ends nothing.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        on_gap: Callable[[], None],
        on_lost: Callable[[], None] | None = None,
        on_heard: Callable[[], None] | None = None,
        ping_every: float = 5.0,
    ) -> None:
        """`name` shows in CLIENT LIST; `ping_every` is in seconds (s).

        `on_lost` is called whenever the connection is gone, or could not be made; `on_gap` once it
        stands again. `on_heard` is called when the handlers have all that came at once.
        """
        self._url = url
        self._name = name
        self._on_gap = on_gap
        self._on_lost = on_lost
        self._on_heard = on_heard
        self._ping_every = ping_every
        self._channels: dict[str, Channel] = {}
        self._outbox: list[tuple[str, str]] = []
        self._asked: dict[str, int] = {}
        """Subscriptions sent and not answered, by channel. One given up and asked for again has
        two, and only the second answer counts for it."""
        self._state = threading.Lock()
        """Guards the three above; never held while sending."""
        self._sending = threading.Lock()
        self._wire: Wire | None = None
        self._stopped = threading.Event()
        self._threads: tuple[threading.Thread, ...] = ()
        self._has_gap = False
        self._waiting_since = 0.0
        self._pinged_at: float | None = None
        self._given_up = False
        self.connected = False
        self.last_heard = 0.0
        """When Redis was last heard, by time.monotonic(); 0 if it never was."""

    def start(self) -> None:
        """Begin to connect and to hear. Returns at once."""
        name = f"listener {self._name}"
        self._threads = (
            threading.Thread(target=self._hear_until_stopped, name=name, daemon=True),
            threading.Thread(target=self._feel_pulse, name=f"{name}, pulse", daemon=True),
        )
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Hang up. Nothing is heard after this; whoever waits for a confirmation has none."""
        self._stopped.set()
        with self._state:
            for channel in self._channels.values():
                channel.wake()
        wire = self._wire
        if wire is not None:
            wire.hang_up()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=2 * _LONGEST_PAUSE)

    def subscribe(self, channel: str, handler: Handler, timeout: float = 5.0) -> None:
        """Call `handler` with each message of `channel`; returns once Redis has confirmed.

        A channel may have several handlers. Raises StoreUnavailable, and hears nothing, if there
        is no confirmation within `timeout` seconds (s), or once it is given up, or this stopped.
        """
        self.subscribe_many({channel: handler}, timeout)

    def subscribe_many(self, handlers: Mapping[str, Handler], timeout: float = 5.0) -> None:
        """Subscribe to many channels at once, all or none. Raises StoreUnavailable."""
        self.ask_for(handlers, timeout)()

    def ask_for(self, handlers: Mapping[str, Handler], timeout: float = 5.0) -> Callable[[], None]:
        """Ask for many channels at once; what is returned waits until all are confirmed.

        So that a caller can do something else in the same round trip. The waiting raises
        StoreUnavailable, and then none is heard.
        """
        with self._state:
            channels = [self._add(name, handler) for name, handler in handlers.items()]
        deadline = time.monotonic() + timeout
        self._flush()

        def wait() -> None:
            for channel in channels:
                if not self._is_confirmed(channel, deadline):
                    for name, handler in handlers.items():
                        self.unsubscribe(name, handler)
                    raise StoreUnavailable(
                        f"Redis did not confirm the subscription of {channel.name} "
                        f"within {timeout:g} s."
                    )

        return wait

    def _is_confirmed(self, channel: Channel, deadline: float) -> bool:
        """Wait for Redis' confirmation until the deadline, on the monotonic clock (s).

        It doesn't come for a channel that was given up meanwhile, or once this is stopped.
        """
        if self._may_be_confirmed(channel) and not channel.confirmed:
            self._await(channel, deadline)
        return self._may_be_confirmed(channel) and channel.confirmed

    def _may_be_confirmed(self, channel: Channel) -> bool:
        return self._channels.get(channel.name) is channel and not self._stopped.is_set()

    def _await(self, channel: Channel, deadline: float) -> None:
        """Wait until it is confirmed, or can't be any more, or until the deadline (s)."""
        waiter = Wakeup()
        with self._state:
            channel.awaited = (*channel.awaited, waiter)
        while self._may_be_confirmed(channel) and not channel.confirmed:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            waiter.wait(left)
        with self._state:
            channel.awaited = without(channel.awaited, waiter)

    def unsubscribe(self, channel: str, handler: Handler) -> None:
        """Call `handler` no more. Never waits; a handler that isn't there is no error.

        Redis is told with the next subscription, or by the reader a moment later: whoever hears
        one channel after the other sends one command instead of two.
        """
        with self._state:
            known = self._channels.get(channel)
            if known is None or handler not in known.handlers:
                return
            known.handlers = without(known.handlers, handler)
            if not known.handlers:
                del self._channels[channel]
                known.wake()  # whoever waits for it finds that it was given up
                if not self._outbox:
                    self._waiting_since = time.monotonic()
                self._outbox.append(("UNSUBSCRIBE", channel))

    # ------------------------------------------------------------ sending

    def _add(self, name: str, handler: Handler) -> Channel:
        """Register a handler; a channel that is new is to be subscribed."""
        channel = self._channels.get(name)
        if channel is None:
            channel = self._channels[name] = Channel(name)
            self._outbox.append(("SUBSCRIBE", name))
        channel.handlers = (*channel.handlers, handler)
        return channel

    def _flush(self) -> None:
        """Send what is to be sent; where another thread has sent it already, nothing is left."""
        with self._sending:
            self._send_outbox()

    def _flush_if_free(self) -> None:
        """As `_flush`, but leave it to the thread that is sending now, if one is."""
        if self._sending.acquire(blocking=False):
            try:
                self._send_outbox()
            finally:
                self._sending.release()

    def _send_outbox(self) -> None:
        """Send all that waits, in its order. Call with `_sending` held."""
        wire = self._wire
        with self._state:
            waiting, self._outbox = self._outbox, []
            if wire is None:
                return  # everything is subscribed when the connection is there
            for verb, name in waiting:
                if verb == "SUBSCRIBE":
                    self._asked[name] = self._asked.get(name, 0) + 1
        if waiting:
            self._send(wire, commands_for(waiting))

    def _send(self, wire: Wire, commands: Iterable[bytes]) -> None:
        """Send, or hang up: the reader sees the connection end, and connects anew."""
        try:
            wire.send(commands)
        except OSError as error:
            about = {"action": "listener_send_failed", "listener": self._name}
            log.warning("Listener %s could not send: %s", self._name, error, extra=about)
            wire.hang_up()

    # ------------------------------------------------------------ hearing

    def _hear_until_stopped(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stopped.is_set():
            heard_before = self.last_heard
            try:
                self._connect()
                self._hear()
            except OSError as error:
                self._report(error)
            self._disconnect()
            pause = _FIRST_PAUSE if self.last_heard > heard_before else pause * 2
            pause = min(pause, _LONGEST_PAUSE)
            self._stopped.wait(pause)

    def _connect(self) -> None:
        """Connect and ask for every channel; the answer to the ping says that all is confirmed."""
        wire = Wire(self._url, name=f"inception-{self._name}")
        with self._sending:
            self._pinged_at, self._given_up = time.monotonic(), False
            with self._state:
                self._outbox = []
                self._asked = dict.fromkeys(self._channels, 1)
                self._wire = wire
            wanted = [("SUBSCRIBE", name) for name in self._asked]
            self._send(wire, [*commands_for(wanted), _PING])

    def _hear(self) -> None:
        """Receive until the connection breaks."""
        wire = self._wire
        while wire is not None and not self._stopped.is_set():
            replies = wire.receive()
            if replies:
                self.last_heard = time.monotonic()
                self._pinged_at = None
            for reply in replies:
                self._take(reply)
            if replies and self._on_heard is not None:
                self._call(self._on_heard)
            self._send_what_lingers()
            if replies and not wire.lets_others_go:
                time.sleep(0)  # first let those go on who were woken by what was said

    def _take(self, reply: Reply) -> None:
        if not isinstance(reply, list):
            self._take_pong()  # before anything is subscribed a pong is a plain word
            return
        kind, name = reply[0], reply[1]
        if kind == b"message" and isinstance(name, bytes):
            self._deliver(name.decode("utf-8", "surrogatepass"), reply[2])
        elif kind == b"subscribe" and isinstance(name, bytes):
            self._confirm(name.decode("utf-8", "surrogatepass"))
        elif kind == b"pong":
            self._take_pong()

    def _take_pong(self) -> None:
        """Everything that was asked for before the ping is confirmed, after a gap too."""
        self.connected = True
        if self._has_gap:
            self._has_gap = False
            self._call(self._on_gap)

    def _deliver(self, name: str, data: Reply) -> None:
        channel = self._channels.get(name)
        if channel is None or not isinstance(data, bytes):
            return
        text = data.decode("utf-8", "surrogatepass")
        for handler in channel.handlers:
            self._call(handler, text)

    def _confirm(self, name: str) -> None:
        """A confirmation that nobody asked for means that something reconnected in between."""
        with self._state:
            unanswered = self._asked.pop(name, 0) - 1
            if unanswered > 0:
                self._asked[name] = unanswered
            elif unanswered == 0 and name in self._channels:
                self._channels[name].confirmed = True
                self._channels[name].wake()
        if unanswered < 0:
            self._call(self._on_gap)

    def _feel_pulse(self) -> None:
        """Look each tick whether the connection lives, and send what nobody else has."""
        tick = min(_TICK, self._ping_every / 4)
        while not self._stopped.wait(tick):
            wire = self._wire
            if wire is not None:
                self._check_pulse(wire)
                self._send_what_lingers()

    def _check_pulse(self, wire: Wire) -> None:
        """Ping a silent connection; hang up one that does not answer, as its reader then finds."""
        now, pinged_at = time.monotonic(), self._pinged_at
        if pinged_at is not None:
            if now - pinged_at > self._ping_every:
                self._given_up = True
                wire.hang_up()
        elif now - self.last_heard > self._ping_every:
            self._pinged_at = now
            self._ping_if_free(wire)

    def _ping_if_free(self, wire: Wire) -> None:
        """Ping, unless somebody is sending: that will be answered too, or is stuck itself."""
        if self._sending.acquire(blocking=False):
            try:
                self._send(wire, [_PING])
            finally:
                self._sending.release()

    def _send_what_lingers(self) -> None:
        if self._outbox and time.monotonic() - self._waiting_since > _LINGER:
            self._flush_if_free()

    def _disconnect(self) -> None:
        """Forget the connection; what is said until the next one stands is missed."""
        wire, self._wire = self._wire, None
        self.connected = False
        self._has_gap = True
        if self._on_lost is not None and not self._stopped.is_set():
            self._call(self._on_lost)
        if wire is None:
            return
        wire.close()
        with self._state:
            if self._stopped.is_set():
                return  # nobody shall wait for what doesn't come any more
            for channel in self._channels.values():
                channel.confirmed = False

    def _report(self, error: OSError) -> None:
        if not self._stopped.is_set():
            why = f"no answer to a ping for {self._ping_every:g} s" if self._given_up else error
            about = {"action": "listener_lost", "listener": self._name}
            log.warning("Listener %s lost Redis: %s", self._name, why, extra=about)

    def _call(self, function: Callable[..., None], *arguments: str) -> None:
        try:
            function(*arguments)
        except Exception:  # a handler's fault must not end hearing for all the others
            about = {"action": "listener_handler_failed", "listener": self._name}
            log.exception("A handler of listener %s failed", self._name, extra=about)
