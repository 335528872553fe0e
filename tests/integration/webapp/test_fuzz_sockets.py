"""Whatever a socket sends: an answer, an Error or its end, and never a traceback."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import websocket
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inception.runs.store import Store
from tests.integration.webapp.clients import PATIENCE, Client, read_to_the_end
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.web import Web
from webapp.auth.permissions import EVENTS
from webapp.errors import STATUS
from webapp.payloads import MAX_BODY_BYTES

FUZZ = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FIELDS = st.sampled_from(
    [
        "run_id",
        "path",
        "epoch",
        "seq",
        "after",
        "limit",
        "state",
        "name",
        "kwargs",
        "tags",
        "reason",
    ]
)
WORDS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.sampled_from(["", "-", "0", "0.1", "SUCCESS", "\x00", "'; --", "../..", "x" * 5_000]),
)
VALUES = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
PAYLOADS = st.one_of(VALUES, st.dictionaries(FIELDS, VALUES, max_size=4))
KNOWN = st.sampled_from(sorted(EVENTS))


class Errors(logging.Handler):
    """Writes down the tracebacks that the server logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if record.exc_info or "Traceback" in said:
            self.seen.append(said + str(record.exc_info or ""))


@pytest.fixture
def errors() -> Iterator[Errors]:
    handler = Errors()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


class Raw:
    """A websocket that may send what no client library would."""

    def __init__(self, port: int) -> None:
        address = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
        self._socket = websocket.create_connection(address, timeout=PATIENCE)
        self._socket.recv()
        self._socket.send("40")
        self._socket.recv()

    def send(self, text: str) -> None:
        self._socket.send(text)

    def send_bytes(self, data: bytes) -> None:
        self._socket.send_binary(data)

    def ask(self, sent: str | bytes) -> Any:
        """The acknowledgement of an event that was sent with the id 7; None if it was cut off."""
        try:
            self._socket.send(sent) if isinstance(sent, str) else self._socket.send_binary(sent)
            while True:
                answer = self._socket.recv()
                if not answer:
                    return None
                if str(answer).startswith("437"):
                    return json.loads(str(answer)[3:])[0]
        except (OSError, websocket.WebSocketException):
            return None

    def read_to_the_end(self) -> None:
        """Return once the server has ended the connection; raises if it doesn't."""
        read_to_the_end(self._socket)

    def close(self) -> None:
        self._socket.close(timeout=0)


def is_answer(answer: Any) -> bool:
    """True for an Error as the protocol has it, and for any other answer that is an object."""
    if not isinstance(answer, dict):
        return False
    if "error" not in answer:
        return True
    code = answer["error"]["code"]
    return code in STATUS and code != "internal_error" and bool(answer["error"]["message"])


def test_every_payload_is_answered_in_shape(
    web: Web, open_client: Callable[[], Client], errors: Errors
) -> None:
    client = open_client()

    @FUZZ
    @given(event=KNOWN, payload=PAYLOADS)
    def ask(event: str, payload: Any) -> None:
        answer = client.ask(event, payload if not isinstance(payload, tuple) else list(payload))
        assert is_answer(answer), answer

    ask()
    assert errors.seen == []


@pytest.mark.parametrize(
    "sent",
    [
        '427["nothing",{}]',
        '427["connect",{}]',
        '427["disconnect"]',
        '427["*",{}]',
        '427["*"]',
        '427["watch"]',
        '427["watch",{"run_id":"a"},{"run_id":"b"}]',
        '427["watch",[]]',
        '427["watch_runs",' + "[" * 500 + "]" * 500 + "]",
        '427["start",{"name":"x","kwargs":{"a":' + "[" * 900 + "]" * 900 + "}}]",
        '427["start",{"name":"\\ud800","kwargs":{"\\ud800":"\\udfff"}}]',
        '427["watch",{"run_id":"\\ud800"}]',
        '427["watch_runs",{"since":1e400}]',
        '427["watch_runs",{"since":NaN}]',
        '427["watch_runs",{"limit":' + "9" * 90 + "}]",
        '427["watch_log",{"run_id":"a","path":"' + "0." * 5_000 + '0"}]',
    ],
    ids=lambda sent: sent[3:40],
)
def test_an_odd_event_is_answered_or_ends_the_connection(
    web: Web, errors: Errors, sent: str
) -> None:
    raw = Raw(web.port)
    answer = raw.ask(sent)
    raw.close()
    assert answer is None or is_answer(answer), answer
    assert errors.seen == []


@pytest.mark.parametrize(
    "sent",
    [
        '427["watch"',
        "427watch",
        "427",
        "427{}",
        "427[]",
        "427[[]]",
        "",
        "x",
        "bAA",
        "4" + "[" * 100_000,
        "42[" + "[" * 100_000,
        "44{}",
        "49[]",
        "4",
        "4x",
        '451-/none,["watch",{"_placeholder":true,"num":0}]',
        '459999999999-["watch"]',
    ],
    ids=lambda sent: sent[:30] or "empty",
)
def test_what_is_no_packet_ends_the_connection_of_its_sender(
    web: Web,
    open_client: Callable[[], Client],
    errors: Errors,
    caplog: pytest.LogCaptureFixture,
    sent: str,
) -> None:
    caplog.set_level(logging.INFO, "webapp.packets")
    other = open_client()
    raw = Raw(web.port)
    raw.send(sent)
    raw.read_to_the_end()
    assert "malformed_packet" in [vars(record).get("action") for record in caplog.records]
    assert "runs" in other.ask("watch_runs", {})
    assert errors.seen == []


def test_a_second_websocket_of_the_same_session_is_refused_without_a_word(
    web: Web, open_client: Callable[[], Client], errors: Errors
) -> None:
    first = open_client()
    address = f"ws://127.0.0.1:{web.port}/socket.io/?EIO=4&transport=websocket"
    with pytest.raises((OSError, websocket.WebSocketException)):
        websocket.create_connection(
            f"{address}&sid={first.socket.eio.sid}", timeout=PATIENCE
        ).recv()
    assert "runs" in first.ask("watch_runs", {})
    assert errors.seen == []


def test_what_is_no_packet_ends_a_session_that_was_about_to_become_a_websocket(
    web: Web, errors: Errors
) -> None:
    address = f"127.0.0.1:{web.port}/socket.io/?EIO=4&transport="
    opened = requests.get(f"http://{address}polling", timeout=PATIENCE).text
    sid = json.loads(opened[1:])["sid"]
    upgrading = websocket.create_connection(f"ws://{address}websocket&sid={sid}", timeout=PATIENCE)
    upgrading.send("x")
    assert upgrading.recv() == ""
    assert requests.get(f"http://{address}polling&sid={sid}", timeout=PATIENCE).status_code == 400
    assert errors.seen == []


def test_text_where_binary_was_announced_is_answered_or_ends_the_connection(
    web: Web, errors: Errors
) -> None:
    raw = Raw(web.port)
    raw.send('451-7["watch",{"_placeholder":true,"num":5}]')
    answer = raw.ask('427["unwatch_runs",{}]')
    raw.close()
    assert answer is None or is_answer(answer), answer
    assert errors.seen == []


def test_binary_where_an_object_belongs_is_answered(web: Web, errors: Errors) -> None:
    raw = Raw(web.port)
    raw.send('451-7["watch",{"_placeholder":true,"num":0}]')
    answer = raw.ask(b"\x00\xff")
    raw.close()
    assert is_answer(answer), answer
    assert "error" in answer
    assert errors.seen == []


# With real threads Engine.IO's writer may close a socket that its reader has closed already, and
# its thread, which has nothing left to do, ends by the error.
@pytest.mark.filterwarnings("ignore:Exception in thread .*writer:pytest.PytestWarning")
@FUZZ
@given(packets=st.lists(st.text(max_size=40) | st.binary(max_size=40), min_size=1, max_size=5))
def test_no_packet_reaches_a_traceback(
    web: Web, errors: Errors, packets: list[str | bytes]
) -> None:
    raw = Raw(web.port)
    try:
        for packet in packets:
            raw.send(packet) if isinstance(packet, str) else raw.send_bytes(packet)
    except (OSError, websocket.WebSocketException):
        pass  # it was cut off, as it may be
    raw.close()
    assert errors.seen == []


def test_what_is_too_large_ends_its_own_connection_and_nobody_elses(
    web: Web, owner: Owner, store: Store, open_client: Callable[[], Client], errors: Errors
) -> None:
    other = open_client()
    run = owner.begin()
    other.ask("watch", {"run_id": run.id})
    raw = Raw(web.port)
    assert raw.ask('427["watch",{"run_id":"' + "x" * MAX_BODY_BYTES + '"}]') is None
    raw.close()
    assert "runs" in other.ask("watch_runs", {})
    assert errors.seen == []


def test_a_flood_of_nonsense_does_not_hold_up_another(
    web: Web, owner: Owner, open_client: Callable[[], Client], errors: Errors
) -> None:
    other = open_client()
    run = owner.begin()
    run.spawn("0")
    other.ask("watch", {"run_id": run.id})
    raw = Raw(web.port)
    for number in range(2_000):
        raw.send(f'42["nothing{number}",{{"x":[[[[]]]]}}]')
    seq = run.progress("0", 1)
    assert other.wait_for_seq(seq)[-1]["to"] >= seq
    raw.close()
    assert errors.seen == []
