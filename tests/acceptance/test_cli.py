"""The command line against the whole application, as a shell script uses it."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inception.runs.connection import connect
from tests.acceptance.conftest import CHECKOUT, Stack
from tests.running import eventually

COUNT = "tasks.examples.counting.count_twice"
FAIL = "tasks.examples.failing.fail_at"
WITHIN = 30
"""Seconds (s) for one command."""
NOBODYS = "nobody-is-here"
"""The queue of a task of the tests, which no worker consumes."""


class Shell:
    """Calls commands in a state folder, as in a terminal of their own."""

    def __init__(self, state_dir: Path) -> None:
        self.environ = {
            **os.environ,
            "INCEPTION_STATE_DIR": str(state_dir),
            "REDIS_URL": "",
            "VENV": sys.prefix,
            "PYTHONUNBUFFERED": "1",
        }

    def runs(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Call `./runs` and wait for its end."""
        return subprocess.run(
            [str(CHECKOUT / "runs"), *words],
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )

    def json(self, *words: str) -> Any:
        """What `./runs … --json` answers."""
        done = self.runs(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def begin(self, *words: str, **more: Any) -> subprocess.Popen[str]:
        """Call `./runs` and don't wait."""
        return subprocess.Popen(
            [str(CHECKOUT / "runs"), *words],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **more,
        )


@pytest.fixture
def shell(stack: Stack) -> Shell:
    """A shell beside the shared application, whose Redis is found by its state folder."""
    return Shell(stack.application.state_dir)


@pytest.fixture
def endless(shell: Shell) -> Iterator[str]:
    """The id of a run that goes on for minutes."""
    run_id = shell.runs("start", COUNT, "limit=500", "delay=0.2").stdout.strip()
    yield run_id
    shell.runs("revoke", run_id)
    shell.runs("watch", run_id)


def test_start_and_watch_print_lines_and_exit_with_the_outcome(shell: Shell) -> None:
    done = shell.runs("start", COUNT, "limit=2", "delay=0.05", "--label", "two", "--watch")
    assert done.returncode == 0, done.stderr
    run_id, *lines = done.stdout.splitlines()
    assert any(line.split()[:2] == ["0", "SUCCESS"] for line in lines)
    assert any(line.split()[:2] == ["1", "SUCCESS"] for line in lines)
    assert lines[-1].startswith(f"{run_id} SUCCESS")

    failed = shell.runs("start", FAIL, "--watch")
    assert failed.returncode == 1
    assert "fails on purpose" in failed.stdout.splitlines()[-1]


def test_flask_finds_the_same_commands_without_settings(shell: Shell) -> None:
    flask = [sys.executable, "-m", "flask", "runs", "parents", "--json"]
    done = subprocess.run(
        flask, env=shell.environ, cwd=CHECKOUT, capture_output=True, timeout=WITHIN, check=True
    )
    assert COUNT in {parent["name"] for parent in json.loads(done.stdout)["parents"]}


def test_watching_a_run_that_somebody_else_started_ends_with_it(shell: Shell, endless: str) -> None:
    watching = shell.begin("watch", endless, "--json")
    assert watching.stdout is not None
    first = json.loads(watching.stdout.readline())
    assert first["snapshot"]["run"]["id"] == endless

    revoked = shell.runs("revoke", endless, "--reason", "enough")
    assert revoked.stdout.split() == [endless, "REVOKING"]

    out, _ = watching.communicate(timeout=WITHIN)
    events = [json.loads(line) for line in out.splitlines()]
    last = events[-1]["run"]
    assert (last["state"], last["revoke"]["reason"]) == ("REVOKED", "enough")
    assert watching.returncode == 1
    seqs = [event["seq"] for event in events]
    assert seqs == sorted(set(seqs))


def test_an_interrupt_ends_the_watching_and_not_the_run(shell: Shell, endless: str) -> None:
    watching = shell.begin("watch", endless)
    assert watching.stdout is not None
    watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    _, said = watching.communicate(timeout=WITHIN)
    assert watching.returncode == 130
    assert f"revoke {endless}" in said
    assert shell.json("show", endless)["run"]["state"] in ("STARTED", "PROGRESS")


def test_a_watcher_whose_connection_is_cut_misses_nothing(
    shell: Shell, stack: Stack, endless: str
) -> None:
    watching = shell.begin("watch", endless, "--json")
    assert watching.stdout is not None
    watching.stdout.readline()
    cut = ["CLIENT", "KILL", "TYPE", "pubsub"]
    with connect(stack.redis_url, purpose="test") as client:
        assert client.execute_command(*cut) > 0
    shell.runs("revoke", endless)
    out, said = watching.communicate(timeout=WITHIN)
    assert watching.returncode == 1, said
    assert json.loads(out.splitlines()[-1])["run"]["state"] == "REVOKED"


def test_a_terminal_sees_the_tree_with_bars(shell: Shell) -> None:
    status, text = on_terminal(shell, "start", COUNT, "limit=2", "delay=0.05", "--watch")
    assert status == 0
    assert "━━━━" in text
    assert "SUCCESS" in text


def test_who_interrupts_a_tree_is_told_below_it_how_to_stop_the_run(
    shell: Shell, endless: str
) -> None:
    status, text = on_terminal(shell, "watch", endless, interrupt_at="━━━━")
    assert status == 130
    assert text.rstrip().splitlines()[-1].endswith(f"runs revoke {endless}")


def test_a_list_on_a_terminal_keeps_its_ids_whole(shell: Shell, endless: str) -> None:
    _status, text = on_terminal(shell, "ls", "--limit", "1", COLUMNS="80")
    assert f"{endless}  " in text


def on_terminal(
    shell: Shell, *words: str, interrupt_at: str | None = None, **environ: str
) -> tuple[int, str]:
    """Call `./runs` on a terminal, with Ctrl-C once it shows that; its status, and what it drew."""
    size = {"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "30"}
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [str(CHECKOUT / "runs"), *words],
        env={**shell.environ, **size, **environ},
        stdin=end,
        stdout=end,
        stderr=end,
        start_new_session=True,
    )
    os.close(end)
    seen: list[bytes] = []
    reader = threading.Thread(target=_read_all, args=(terminal, seen), daemon=True)
    reader.start()
    if interrupt_at is not None:
        eventually(lambda: interrupt_at.encode() in b"".join(seen), WITHIN, "the tree")
        process.send_signal(signal.SIGINT)
    status = process.wait(WITHIN)
    reader.join(WITHIN)
    os.close(terminal)
    return status, b"".join(seen).decode()


def test_show_says_who_revoked_a_run_and_why(shell: Shell) -> None:
    run_id = shell.runs("start", COUNT, "limit=500", "--tag", "shown").stdout.strip()
    shell.runs("revoke", run_id, "--reason", "seen enough")
    shell.runs("watch", run_id)
    lines = [line.split(maxsplit=1) for line in shell.runs("show", run_id).stdout.splitlines()]
    facts = {words[0]: words[1] for words in lines if len(words) == 2}
    assert facts["tags:"] == "shown"
    assert facts["revoked:"].endswith(": seen enough")


@pytest.mark.timeout(120)
def test_lists_are_filtered_and_show_has_all_of_a_run(shell: Shell) -> None:
    tag = "listed-by-the-command-line"
    watched = ["--tag", tag, "--watch"]
    shell.runs("start", COUNT, "limit=1", "delay=0", *watched)
    shell.runs("start", FAIL, *watched)

    both = shell.json("ls", "--tag", tag, "--since", "10m")["runs"]
    assert [run["name"] for run in both] == [FAIL, COUNT]
    (failed,) = shell.json("ls", "--tag", tag, "--state", "failure")["runs"]
    assert failed["name"] == FAIL
    page = shell.json("ls", "--tag", tag, "--limit", "1")
    (older,) = shell.json("ls", "--tag", tag, "--cursor", page["next"])["runs"]
    assert older["name"] == COUNT

    lines = shell.runs("ls", "--tag", tag).stdout.splitlines()
    assert [line.split("\t")[:2] for line in lines] == [
        [failed["id"], "FAILURE"],
        [older["id"], "SUCCESS"],
    ]
    assert [node["path"] for node in shell.json("show", older["id"])["nodes"]] == ["0", "1"]
    assert shell.json("show", older["id"], "--path", "1")["value"] == 1
    assert "fails on purpose" in shell.runs("show", failed["id"]).stdout


@pytest.mark.timeout(120)
def test_a_failed_run_is_retried_and_one_that_ended_is_run_again_and_deleted(shell: Shell) -> None:
    started = shell.runs("start", FAIL, "once=true", "--watch")
    run_id = started.stdout.splitlines()[0]
    assert started.returncode == 1

    assert shell.runs("retry", run_id).returncode == 0
    assert shell.runs("watch", run_id).returncode == 0
    again = shell.json("rerun", run_id, "steps=1", "step=9")
    assert (again["rerun_of"], again["kwargs"]["steps"]) == (run_id, 1)
    assert shell.runs("watch", again["id"]).returncode == 0

    assert shell.runs("rm", run_id, again["id"]).returncode == 0
    gone = shell.runs("show", run_id, "--json")
    assert gone.returncode == 2
    assert json.loads(gone.stderr)["error"]["code"] == "run_not_found"


def test_arguments_that_do_not_fit_are_named(shell: Shell) -> None:
    refused = shell.runs("start", COUNT, "limit=many", "unknown=1")
    assert refused.returncode == 2
    assert "/limit" in refused.stderr
    assert "/unknown is not an argument; there are limit, delay" in refused.stderr
    assert shell.runs("start", "tasks.nothing").returncode == 2


@pytest.mark.parametrize("name", ["count_twice", "tasks.examples.countng.count_twice"])
def test_a_parent_that_nobody_knows_is_answered_with_the_one_that_may_be_meant(
    shell: Shell, name: str
) -> None:
    refused = shell.runs("start", name)
    assert refused.returncode == 2
    assert f"Is {COUNT} meant?" in refused.stderr


def test_one_key_starts_one_run(shell: Shell) -> None:
    words = ["start", COUNT, "limit=1", "delay=0", "--idempotency-key", "cli-once"]
    assert shell.runs(*words).stdout == shell.runs(*words).stdout != ""


def test_the_doctor_finds_a_running_application_well(shell: Shell) -> None:
    done = shell.runs("doctor", "--json")
    findings = {finding["check"]: finding for finding in json.loads(done.stdout)["findings"]}
    failed = {check for check, each in findings.items() if each["verdict"] != "ok"}
    assert failed <= {f"queue {NOBODYS}"}, "where another test's child waits"
    assert done.returncode == (1 if failed else 0)
    assert {"redis", "version", "persistence", "eviction", "clock", "watcher"} <= set(findings)
    workers = shell.json("workers")
    assert len(workers["watchers"]) == len(workers["compute"]) == 1


def test_the_doctor_looks_at_the_broker_options_of_an_app_that_is_named(
    shell: Shell, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text(
        "from celery import Celery\n"
        "app = Celery('shop')\n"
        "app.conf.broker_transport_options = {'visibility_timeout': 60}\n"
    )
    done = shell.runs("doctor", "--app", "shop", "--json", PYTHONPATH=str(tmp_path))
    findings = {one["check"]: one for one in json.loads(done.stdout)["findings"]}
    assert findings["visibility"]["verdict"] == "warning"
    assert "visibility_timeout" in findings["visibility"]["fix"]
    assert shell.runs("doctor", "--app", "no_such_app").returncode == 2


def test_the_doctor_says_what_to_do_without_redis_and_hides_its_password(shell: Shell) -> None:
    done = shell.runs("doctor", REDIS_URL="redis://:secret@127.0.0.1:1/0")
    assert done.returncode == 1
    assert "REDIS_URL: start that Redis" in done.stdout
    assert "secret" not in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_completion(shell: Shell, name: str) -> None:
    assert "_RUNS_COMPLETE" in shell.runs("completion", name).stdout


def test_completion_knows_parents_and_their_arguments(shell: Shell) -> None:
    def complete(*words: str) -> list[str]:
        asked = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
        done = shell.runs(_RUNS_COMPLETE="bash_complete", **asked)
        return [line.partition(",")[2] for line in done.stdout.splitlines()]

    assert complete("runs", "start", "tasks.examples.count") == [COUNT]
    assert complete("runs", "start", COUNT, "d") == ["delay="]


def _read_all(terminal: int, seen: list[bytes]) -> None:
    while True:
        try:
            read = os.read(terminal, 65536)
        except OSError:
            return  # the other end was closed
        if not read:
            return
        seen.append(read)
