"""The OpenAPI document describes every call there is, and a stranger's tool finds nothing amiss."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from openapi_spec_validator import validate

from inception.runs.model import State
from inception.runs.records import Beat, BeatKind
from inception.runs.store import Store
from tests.integration.webapp.clients import PATIENCE
from tests.integration.webapp.owner import NAME, Owner
from tests.integration.webapp.web import Web
from webapp.errors import STATUS

PROTOCOL = Path(__file__).resolve().parents[3] / "docs" / "protocol.md"
CALL = re.compile(r"`(GET|POST|DELETE) (/[^`? ]*)")
OUTSIDE = ("/metrics",)
"""Served without being part of the interface for programs: its text is Prometheus' own."""
CONFIG = """
generation.max-examples = 4
[checks.positive_data_acceptance]
# What only the run or the parent can know is refused although the schema allows it.
expected-statuses = ["2xx", "304", "401", "403", "404", "409", "410", "413", "414", "422"]
[checks.negative_data_rejection]
# The HTTP server may find the address too long before anybody looks at what is in it.
expected-statuses = ["400", "401", "403", "404", "405", "409", "413", "414", "415", "422", "429"]
[[operations]]
include-operation-id = "revoke_run"
# Of a run that was just created a node may be named that isn't there.
checks.ensure_resource_availability.enabled = false
"""


@pytest.fixture
def document(web: Web, store: Store, owner: Owner) -> dict[str, Any]:
    """The document of a web with a parent, two ended runs and one that goes on."""
    schema = {"type": "object", "properties": {"limit": {"type": "integer", "default": 3}}}
    store.write_catalogue([{"name": NAME, "doc": "", "schema": schema, "steps": None}])
    kinds: tuple[BeatKind, ...] = ("watcher", "compute")
    for kind in kinds:
        store.beat(a_beat(kind))
    owner.begin().end(State.FAILURE)
    owner.begin().end()
    owner.begin().spawn("0")
    requests.get(web.address + "/readyz", timeout=PATIENCE)  # the relay starts when it is asked
    answer = requests.get(web.address + "/api/v1/openapi.json", timeout=PATIENCE)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def a_beat(kind: BeatKind) -> Beat:
    return Beat(
        process=f"host:{kind}:1",
        kind=kind,
        host="host",
        pid=1,
        name=kind,
        slots=1,
        queues=("children",),
        running=(),
        stopping=False,
        counter=1,
    )


def calls_of(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path)): call
        for path, methods in document["paths"].items()
        for method, call in methods.items()
    }


def test_it_is_valid(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_it_describes_every_call_that_is_routed_and_no_other(
    web: Web, document: dict[str, Any]
) -> None:
    routed = {
        (method, re.sub(r"<[^>]+>", "{}", rule.rule))
        for rule in web.app.url_map.iter_rules()
        if rule.rule.startswith("/api/") or rule.endpoint.startswith("health.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert set(calls_of(document)) == routed


def test_it_describes_every_call_of_the_protocol(document: dict[str, Any]) -> None:
    without_prefix = ("/healthz", "/readyz")
    table = PROTOCOL.read_text().partition("## REST")[2].partition("## Socket.IO")[0]
    promised = {
        (method, re.sub(r"\{\w+\}", "{}", path if path in without_prefix else f"/api/v1{path}"))
        for method, path in CALL.findall(table)
        if path not in OUTSIDE
    }
    assert len(promised) > 15
    assert promised <= set(calls_of(document))


def test_every_error_has_a_code_that_belongs_to_its_status(document: dict[str, Any]) -> None:
    for call in calls_of(document).values():
        for status, answer in call["responses"].items():
            if int(status) >= 400 and status != "414":
                codes = re.findall(r"`(\w+)`", answer["description"])
                assert codes
                assert {STATUS[code] for code in codes} == {int(status)}


def test_every_code_is_in_the_protocol_beside_its_status() -> None:
    table = PROTOCOL.read_text().partition("### Errors")[2].partition("\n\nArguments")[0]
    listed = {
        (int(status), code)
        for statuses, codes in re.findall(r"^\| ([0-9, ]+) \| (.*) \|$", table, re.MULTILINE)
        for status in statuses.split(", ")
        for code in re.findall(r"`(\w+)`", codes)
        if STATUS.get(code) == int(status)
    }
    assert {(status, code) for code, status in STATUS.items()} == listed


def test_its_examples_exist_and_its_links_lead_on(web: Web, document: dict[str, Any]) -> None:
    calls = calls_of(document)
    start = calls["POST", "/api/v1/runs"]
    body = start["requestBody"]["content"]["application/json"]["example"]
    started = requests.post(web.address + "/api/v1/runs", json=body, timeout=PATIENCE)
    assert (started.status_code, body["kwargs"]) == (201, {"limit": 3})
    links = start["responses"]["201"]["links"]
    named = {call["operationId"] for call in calls.values()}
    assert {"read_snapshot", "read_events", "revoke_run", "delete_run", "read_node"} <= set(links)
    assert {link["operationId"] for link in links.values()} <= named
    snapshot = calls["GET", "/api/v1/runs/{}"]["parameters"][0]["example"]
    address = f"{web.address}/api/v1/runs/{snapshot}"
    assert requests.get(address, timeout=PATIENCE).status_code == 200


def test_examples_are_runs_on_which_the_call_succeeds(
    store: Store, document: dict[str, Any]
) -> None:
    def state_of(call: str) -> State:
        parameters = calls_of(document)["POST", f"/api/v1/runs/{{}}/{call}"]["parameters"]
        return store.read_run(parameters[0]["example"])["state"]

    assert not State(state_of("revoke")).is_final
    assert state_of("retry") == State.FAILURE


def calls_that_succeeded(record: Path, document: dict[str, Any]) -> set[tuple[str, str]]:
    """The calls that a recorded tool got an answer without an error of."""
    entries = json.loads(record.read_text())["log"]["entries"]
    good = {
        (each["request"]["method"], urlsplit(each["request"]["url"]).path)
        for each in entries
        if 200 <= each["response"]["status"] < 300
    }
    return {
        (method, path)
        for method, path in calls_of(document)
        if any(
            method == sent and re.fullmatch(path.replace("{}", "[^/]+"), at) for sent, at in good
        )
    }


def run_schemathesis(web: Web, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG)
    tool = Path(sys.executable).with_name("schemathesis")
    address = f"{web.address}/api/v1/openapi.json"
    given = ["--continue-on-failure", "--generation-deterministic", *options]
    return subprocess.run(
        [tool, "--no-color", "--config-file", config, "run", address, *given],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
    )


def assert_nothing(found: subprocess.CompletedProcess[str]) -> None:
    said = "\n".join(line[:300] for line in found.stdout.splitlines())
    assert found.returncode == 0, said[-8_000:]


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("document")
def test_schemathesis_finds_nothing(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.fleet.FRESH_BEAT", 3_600_000)  # of processes that beat once
    assert_nothing(run_schemathesis(web, tmp_path, "--max-time", "14"))


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("document")
def test_schemathesis_finds_nothing_where_one_call_leads_to_another(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.fleet.FRESH_BEAT", 3_600_000)
    options = ["--phases", "stateful", "--max-examples", "25", "--max-time", "8"]
    found = run_schemathesis(web, tmp_path, *options)
    assert_nothing(found)
    assert re.search(r"Stateful \(in [0-9.]+s\)", found.stdout), found.stdout
    assert " passed" in found.stdout


@pytest.mark.timeout(180)
def test_a_tool_that_follows_the_examples_reaches_every_call(
    web: Web, document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.fleet.FRESH_BEAT", 3_600_000)
    record = tmp_path / "calls.har"
    options = ["--phases", "examples,fuzzing", "--max-examples", "1"]
    run_schemathesis(web, tmp_path, *options, "--report-har-path", str(record))
    read_first = {("GET", "/api/v1/openapi.json")}  # which it doesn't record
    reached = calls_that_succeeded(record, document) | read_first
    assert set(calls_of(document)) - reached == set()


def test_a_snapshot_that_is_as_it_was_is_not_sent_again(web: Web, owner: Owner) -> None:
    run = owner.begin()
    address = f"{web.address}/api/v1/runs/{run.id}"
    first = requests.get(address, timeout=PATIENCE)
    known = {"If-None-Match": first.headers["ETag"]}
    again = requests.get(address, headers=known, timeout=PATIENCE)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    run.spawn("0")
    changed = requests.get(address, headers=known, timeout=PATIENCE)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_the_page_lists_every_call(web: Web, document: dict[str, Any]) -> None:
    page = requests.get(web.address + "/docs", timeout=PATIENCE).text
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in page
