"""What a client sends, what it makes of answers, and when it asks again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import inception_client
import pytest
from inception_client import calls, connect
from inception_client.calls import Tries, read_answer
from inception_client.endings import check_ended
from inception_client.errors import NotEnded, Refused, RunFailed, Unreachable, WrongServer

URL = "http://127.0.0.1:8000"
OF_THE_SERVER = ("inception", "webapp", "tasks", "celery", "kombu", "redis", "flask", "eventlet")


def refused(code: str, status: int) -> Refused:
    return Refused({"code": code, "message": "no"}, status)


@pytest.mark.parametrize(
    ("call", "problem", "again"),
    [
        (calls.parents(), Unreachable("away"), True),
        (calls.parents(), refused("store_unavailable", 503), True),
        (calls.parents(), refused("unauthorized", 401), False),
        (calls.start("n", {}, None, (), None), Unreachable("away"), True),
        (calls.rerun("r", None), Unreachable("away"), False),
        (calls.rerun("r", None), refused("store_unavailable", 503), False),
        (calls.rerun("r", None), refused("too_many_requests", 429), True),
    ],
)
def test_only_what_does_no_harm_twice_is_asked_again(
    call: calls.Call, problem: Refused | Unreachable, again: bool
) -> None:
    tries = Tries(call, patience=60.0, now=0.0)
    if again:
        assert tries.pause_after(problem, 0.0) == 1.0
    else:
        with pytest.raises(type(problem)):
            tries.pause_after(problem, 0.0)


def test_pauses_grow_to_their_bound_and_patience_ends_them() -> None:
    tries, now, pauses = Tries(calls.parents(), patience=60.0, now=0.0), 0.0, []
    with pytest.raises(Unreachable):
        while True:
            pauses.append(tries.pause_after(Unreachable("away"), now))
            now += pauses[-1]
    assert pauses == [1, 2, 4, 8, 15, 15, 15]


def test_a_start_carries_a_key_of_its_own() -> None:
    first, second = (calls.start("n", {}, None, (), None) for _ in range(2))
    assert first.headers["Idempotency-Key"] != second.headers["Idempotency-Key"]
    assert calls.start("n", {}, None, (), "k").headers == {"Idempotency-Key": "k"}


def test_filters_that_repeat_are_sent_one_by_one() -> None:
    call = calls.runs({"state": ["FAILURE", "LOST"], "since": 5, "label": None}, None, 10)
    assert call.query == [("limit", "10"), ("state", "FAILURE"), ("state", "LOST"), ("since", "5")]


def test_a_refusal_is_in_the_servers_words() -> None:
    with pytest.raises(Refused, match="run_not_found: There is no run r") as caught:
        read_answer(
            URL, 404, '{"error": {"code": "run_not_found", "message": "There is no run r."}}'
        )
    assert (caught.value.code, caught.value.status) == ("run_not_found", 404)


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (502, "<html>", Unreachable),  # a proxy's, while the server is away
        (200, "<html>", WrongServer),
        (404, "[]", WrongServer),
        (501, "<html>", WrongServer),
    ],
)
def test_something_else_that_answers_is_not_taken_for_the_server(
    status: int, text: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind, match=f"{URL}.* {status}"):
        read_answer(URL, status, text)


def test_a_wrong_server_is_not_asked_again() -> None:
    tries = Tries(calls.parents(), patience=60.0, now=0.0)
    with pytest.raises(WrongServer):
        tries.pause_after(WrongServer("a web page"), 0.0)


def test_a_value_is_there_at_the_end_alone() -> None:
    run: dict[str, object] = {"id": "r", "state": "STARTED", "value": None, "traceback": "T"}
    run["meta"] = {"error": "Step 2 fails."}
    with pytest.raises(NotEnded):
        check_ended(run)  # type: ignore[arg-type]
    assert check_ended({**run, "state": "SUCCESS", "value": 3}) == 3  # type: ignore[typeddict-item]
    with pytest.raises(RunFailed, match="ended FAILURE: Step 2 fails") as caught:
        check_ended({**run, "state": "FAILURE"})  # type: ignore[typeddict-item]
    assert (caught.value.error, caught.value.traceback) == ("Step 2 fails.", "T")


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "redis://127.0.0.1", ""])
def test_what_is_no_address_is_named_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        connect(url)


def test_it_imports_where_nothing_of_the_server_is_installed() -> None:
    program = f"""
import sys
for name in {OF_THE_SERVER}:
    sys.modules[name] = None  # an import of it fails
import inception_client, inception_client.aio
"""
    environ = {**os.environ, "PYTHONPATH": str(Path(inception_client.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", program], env=environ, check=True)
