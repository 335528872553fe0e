"""Redis' wire protocol, as much of it as a subscriber needs, and the connection for it.

redis-py reconnects pub/sub by itself and loses what was said meanwhile without a word; and what it
does around its parser costs more than the rest of hearing a message. So the listener has a
connection of its own, with the same parser.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

import hiredis
import redis

from inception.runs.arrivals import arrivals_of
from inception.runs.connection import CONNECT_TIMEOUT
from inception.runs.sentinel import plain_address

Reply: TypeAlias = "bytes | int | list[Reply] | None"

_RECEIVE_BYTES: Final = 256 * 1024
_TLS_TURN: Final = 1.0
"""Seconds (s) that one call on a TLS connection may take. Under real threads a call without a
time-out would wait inside OpenSSL, where nobody else may send meanwhile."""
MAX_REPLY_BYTES: Final = 64 * 1024 * 1024
"""A reply beyond this is a broken stream: the largest message is far smaller."""


class WireError(ConnectionError):
    """The stream is closed, broken, or Redis answered with an error."""


def pack(*words: str) -> bytes:
    """One command as it is sent."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word.encode("utf-8", "surrogatepass")
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


class Replies:
    """Cuts a stream of bytes into replies. An error reply raises WireError, as does no reply."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader(protocolError=WireError, replyError=WireError)
        self._incomplete = 0

    def feed(self, data: bytes) -> list[Reply]:
        """Add what was received; return the replies that are complete now."""
        self._reader.feed(data)
        complete: list[Reply] = []
        while (reply := self._reader.gets()) is not False:
            if isinstance(reply, WireError):
                raise reply
            complete.append(reply)
        self._incomplete = 0 if complete else self._incomplete + len(data)
        if self._incomplete > MAX_REPLY_BYTES:
            raise WireError(f"a reply of more than {MAX_REPLY_BYTES:,} bytes")
        return complete


class Wire:
    """One connection to Redis: commands out, replies in. Raises OSError when it breaks.

    One thread, which made it, may receive while another sends; two may not send at once. Over TLS
    under real threads that leans on OpenSSL's tolerance; green threads never do both at once.
    """

    def __init__(self, url: str, *, name: str) -> None:
        """Connect and sign in. From then on receiving and sending wait for as long as it takes."""
        url = _present(url)
        self._socket = _open(url)
        self._replies = Replies()
        try:
            self._socket.settimeout(CONNECT_TIMEOUT)
            self._sign_in(url, name)
            self._socket.settimeout(_turn(self._socket))
        except BaseException:
            self._socket.close()
            raise
        self._arrivals = arrivals_of(self._socket)
        self._recv = self._socket.recv if self._arrivals is None else self._arrivals.recv

    @property
    def lets_others_go(self) -> bool:
        """True if whoever else can go on does so before something more is received."""
        return self._arrivals is not None

    def send(self, commands: Iterable[bytes]) -> None:
        """Send commands in one go."""
        self._socket.sendall(b"".join(commands))

    def receive(self) -> list[Reply]:
        """The replies that came; none if none is whole yet."""
        try:
            data = self._recv(_RECEIVE_BYTES)
        except TimeoutError:
            return []
        if not data:
            raise WireError("Redis closed the connection")
        try:
            return self._replies.feed(data)
        except ValueError as error:
            raise WireError(f"what came is no reply of Redis: {error}") from error

    def hang_up(self) -> None:
        """End the connection; the thread that receives from it sees it end, and closes it."""
        with suppress(OSError):  # it is closed or broken already
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection, from the thread that receives."""
        if self._arrivals is not None:
            self._arrivals.end()
        self._socket.close()

    def _sign_in(self, url: str, name: str) -> None:
        # Redis takes no white space in a client's name.
        commands = [pack("CLIENT", "SETNAME", "-".join(name.split()))]
        parts = urlsplit(url)
        if parts.password:
            user = [unquote(parts.username)] if parts.username else []
            commands.insert(0, pack("AUTH", *user, unquote(parts.password)))
        self.send(commands)
        answers: list[Reply] = []
        while len(answers) < len(commands):
            data = self._socket.recv(_RECEIVE_BYTES)
            if not data:
                raise WireError("Redis closed the connection at its start")
            answers += self._replies.feed(data)


def _turn(connection: socket.socket) -> float | None:
    return _TLS_TURN if hasattr(connection, "cipher") else None


def _present(url: str) -> str:
    """The address as of now: behind Sentinel the primary may be another one each time."""
    try:
        return plain_address(url)
    except redis.RedisError as error:
        raise WireError(f"no primary is known: {error}") from error


def _open(url: str) -> socket.socket:
    """Connect to a redis://, rediss:// or unix:// address."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        local = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        local.settimeout(CONNECT_TIMEOUT)
        local.connect(unquote(parts.path))
        return local
    host, port = parts.hostname or "localhost", parts.port or 6379
    plain = socket.create_connection((host, port), timeout=CONNECT_TIMEOUT)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if parts.scheme != "rediss":
        return plain
    return _tls_context(parse_qs(parts.query)).wrap_socket(plain, server_hostname=host)


def _tls_context(options: dict[str, Any]) -> ssl.SSLContext:
    """As redis-py reads it from the address: `ssl_ca_certs`, `ssl_cert_reqs=none`, a key pair."""
    context = ssl.create_default_context(cafile=_option(options, "ssl_ca_certs"))
    if _option(options, "ssl_cert_reqs") in ("none", "CERT_NONE"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    certificate = _option(options, "ssl_certfile")
    if certificate:
        context.load_cert_chain(certificate, _option(options, "ssl_keyfile"))
    return context


def _option(options: dict[str, Any], name: str) -> str | None:
    values: list[str] = options.get(name, [])
    return values[0] if values else None
