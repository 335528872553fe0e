"""Many clients of one run: what the web delivers, by one process and by several."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from bench import application
from bench.application import Application, answers, wait_for
from bench.crowd import Crowd, Received
from bench.figures import Figure, Lines, Measured, Row, Skipped, Target
from bench.held import HeldRun, Load, hold
from bench.processes import children_of, cpu_seconds, free_port

CLIENTS = 1000
RATE = 20.0
SECONDS = 15.0
ROUNDS = 2
SHARED_CLIENTS = (400, 1000)
"""The target is held to both: few clients, and as many as one process has in row 7."""
SHARED_SECONDS = 6.0
PROCESSES = (1, 2, 4)


def measure_clients() -> Measured:
    """Frames delivered per CPU second of the serving process, and how late."""
    ours: list[tuple[Received, float]] = []
    theirs: list[tuple[Received, float]] = []
    with application.running() as app:
        run = hold(app.store)
        url, web = app.web()
        load = Load([run], RATE)
        load.start()
        bare_url, bare = _bare(app, run)
        for _ in range(ROUNDS):
            ours.append(_served(app, url, web.pid, run.id))
            theirs.append(_served(app, bare_url, bare, "room"))
        load.stop()
    our_rate, their_rate = _per_cpu(ours), _per_cpu(theirs)
    our_p99, their_p99 = _p99(ours), _p99(theirs)
    against = "a bare room emit"
    figures = [
        Figure(
            name="frames delivered per CPU second",
            unit="frames",
            ours=our_rate,
            against=against,
            theirs=their_rate,
            target=Target(least=1.0),
        ),
        Figure(
            name="p99",
            unit="ms",
            ours=our_p99,
            against=against,
            theirs=their_p99,
            target=Target(most=1.5),
        ),
        Figure(
            name="frames delivered a second",
            unit="frames/s",
            ours=sum(received.frames for received, _cpu in ours) / ROUNDS / SECONDS,
            against=against,
            theirs=sum(received.frames for received, _cpu in theirs) / ROUNDS / SECONDS,
        ),
    ]
    note = (
        f"{CLIENTS:,} websocket clients of one web process, one run at {RATE:g} updates a second, "
        f"{ROUNDS} rounds of {SECONDS:g} s in turn. The clients are light ones in one process of "
        "their own; the load is written in the place of the run's owner. The bare server, eventlet "
        "too, emits a batch of ours that it was given; it hears no Redis."
    )
    lines = Lines(
        x="percent of frames",
        y="ms",
        points={"ours": ours[-1][0].latencies.curve(), against: theirs[-1][0].latencies.curve()},
        log_y=True,
    )
    return Measured(figures=figures, notes=[note], lines=lines)


def _served(app: Application, url: str, pid: int, room: str) -> tuple[Received, float]:
    received, [cpu] = _watched(app, url, [pid], CLIENTS, [room])
    return received, cpu


def measure_processes() -> Measured:
    """CPU seconds of all web processes for a delivered frame, behind one proxy."""
    nginx = shutil.which("nginx")
    if nginx is None:
        raise Skipped("nginx is not installed (Debian: apt install nginx-light)")
    spent: dict[tuple[int, int], _Spent] = {}
    with application.running() as app:
        run = hold(app.store)
        load = Load([run], RATE)
        load.start()
        webs = [app.web() for _ in range(max(PROCESSES))]
        sides = {count: _side(app, nginx, webs[:count]) for count in PROCESSES}
        for clients in SHARED_CLIENTS:
            for _ in range(ROUNDS):
                for count, side in sides.items():
                    spent.setdefault((clients, count), _Spent()).add(
                        *_behind(app, side, clients, run)
                    )
        load.stop()
    figures = [
        _of_processes(spent, clients, count)
        for clients in SHARED_CLIENTS
        for count in PROCESSES[1:]
    ]
    figures += [
        Figure(
            name=f"CPU of nginx for a delivered frame, {count} processes",
            unit="µs",
            ours=spent[SHARED_CLIENTS[0], count].proxy_us,
            against="one process",
            theirs=spent[SHARED_CLIENTS[0], PROCESSES[0]].proxy_us,
        )
        for count in PROCESSES[1:]
    ]
    said = " and ".join(f"{clients:,}" for clients in SHARED_CLIENTS)
    note = (
        f"{said} websocket clients of one run at {RATE:g} updates a second through nginx, which "
        f"deals them out in turn; {ROUNDS} rounds of {SHARED_SECONDS:g} s each, in turn. Each "
        "process hears the run by its own relay and encodes each batch once. What the proxy takes "
        "stands apart: it is the same proxy however many are behind it."
    )
    points = {
        f"{clients:,} clients": [
            (float(count), spent[clients, count].web_us) for count in PROCESSES
        ]
        for clients in SHARED_CLIENTS
    }
    lines = Lines(x="web processes", y="µs of CPU for a frame", points=points)
    return Measured(figures=figures, notes=[note], lines=lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """Web processes behind a proxy of their own."""

    url: str
    webs: Sequence[int]
    proxy: int


@dataclass(slots=True)
class _Spent:
    """CPU seconds (s) over all rounds, and the frames delivered for them."""

    frames: int = 0
    webs: float = 0.0
    proxy: float = 0.0

    def add(self, frames: int, webs: float, proxy: float) -> None:
        """Count one more round."""
        self.frames += frames
        self.webs += webs
        self.proxy += proxy

    @property
    def web_us(self) -> float:
        """Microseconds (µs) for a frame."""
        return self.webs / max(1, self.frames) * 1e6

    @property
    def proxy_us(self) -> float:
        """Microseconds (µs) for a frame."""
        return self.proxy / max(1, self.frames) * 1e6


def _of_processes(spent: Mapping[tuple[int, int], _Spent], clients: int, count: int) -> Figure:
    is_first = clients == SHARED_CLIENTS[0]
    among = "" if is_first else f", {clients:,} clients"
    return Figure(
        name=f"CPU for a delivered frame, {count} processes{among}",
        unit="µs",
        ours=spent[clients, count].web_us,
        against="one process",
        theirs=spent[clients, PROCESSES[0]].web_us,
        target=Target(most=1.1),
    )


def _side(app: Application, nginx: str, webs: Sequence[tuple[str, Popen[bytes]]]) -> _Side:
    url, proxy = _proxy(app, nginx, [address for address, _process in webs])
    [worker] = children_of(proxy)
    return _Side(url=url, webs=[process.pid for _address, process in webs], proxy=worker)


def _behind(app: Application, side: _Side, clients: int, run: HeldRun) -> tuple[int, float, float]:
    """Frames delivered in one round, CPU seconds (s) of the web processes and of the proxy."""
    pids = [side.proxy, *side.webs]
    received, (proxy, *webs) = _watched(app, side.url, pids, clients, [run.id], SHARED_SECONDS)
    return received.frames, sum(webs), proxy


def _watched(
    app: Application,
    url: str,
    pids: Sequence[int],
    clients: int,
    runs: Sequence[str],
    seconds: float = SECONDS,
) -> tuple[Received, list[float]]:
    """What so many clients receive, and the CPU seconds (s) of each of `pids` meanwhile."""
    crowd = Crowd(app, url, clients, seconds, runs)
    before = [cpu_seconds(pid) for pid in pids]
    crowd.begin()
    received, after = crowd.received(), [cpu_seconds(pid) for pid in pids]
    crowd.leave()
    return received, [late - early for late, early in zip(after, before, strict=True)]


def _per_cpu(rounds: Sequence[tuple[Received, float]]) -> float:
    return sum(received.frames for received, _cpu in rounds) / sum(cpu for _r, cpu in rounds)


def _p99(rounds: Sequence[tuple[Received, float]]) -> float:
    return min(received.latencies.percentile(99) for received, _cpu in rounds)


def _bare(app: Application, run: HeldRun) -> tuple[str, int]:
    """Start the bare server, which emits a batch of `run`; its address and pid."""
    port = free_port()
    server = app.start_talking(
        sys.executable, "-m", "bench.baselines.room_emit", str(port), str(RATE)
    )
    wait_for(lambda: app.store.read_run(run.id)["meta"]["message"], "the run did not move")
    batch = app.store.events_since(run.id, app.store.snapshot(run.id)["epoch"], 0)
    sample = {**batch, "events": batch["events"][-2:]}
    assert server.stdin is not None
    server.stdin.write(json.dumps(sample) + "\n")
    server.stdin.flush()
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: answers(f"{url}/socket.io/?EIO=4&transport=polling"), "no bare server")
    return url, server.pid


def _proxy(app: Application, nginx: str, addresses: Sequence[str]) -> tuple[str, int]:
    """Start nginx in front of these; its address, and the pid of its master."""
    port, folder = free_port(), app.folder / f"nginx{len(addresses)}"
    folder.mkdir()
    config = folder / "nginx.conf"
    config.write_text(_configuration(folder, port, addresses))
    master = app.start(nginx, "-c", str(config), "-p", str(folder))
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: answers(f"{url}/healthz"), "nginx did not answer")
    return url, master.pid


def _configuration(folder: Path, port: int, addresses: Sequence[str]) -> str:
    """Deal connections out in turn, each web process being asked by its own address.

    A server without users answers to no other `Host`; so each has a server block of its own.
    """
    inner = {free_port(): address.removeprefix("http://") for address in addresses}
    servers = "".join(f"server 127.0.0.1:{each};" for each in inner)
    blocks = "".join(_server(each, address, address) for each, address in inner.items())
    return (
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;\n"
        "events { worker_connections 8192; }\n"
        "http { access_log off;\n"
        "map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n"
        f"upstream webs {{ {servers} }}\n{blocks}{_server(port, 'webs', '$http_host')}}}\n"
    )


def _server(port: int, to: str, host: str) -> str:
    return (
        f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://{to}; "
        f"proxy_http_version 1.1; proxy_set_header Host {host}; "
        "proxy_set_header Upgrade $http_upgrade; "
        "proxy_set_header Connection $connection_upgrade; } }\n"
    )


CLIENTS_ROW = Row(
    number="7",
    title="1,000 websocket clients of one web process",
    what="1,000 websocket clients of one web process on one run at 20 updates a second",
    against="a bare python-socketio room emit at the same rate, same clients",
    measure=measure_clients,
    limit=240,
)
PROCESSES_ROW = Row(
    number="11",
    title="Two, then four web processes behind nginx",
    what="CPU seconds per delivered message by two, then four web processes behind nginx",
    against="one",
    measure=measure_processes,
    limit=240,
    bound_by=(
        "what each process does once for an update, however many look. With one client that "
        "takes a process 0.27 ms of CPU, beside 0.33 while the hub was asked anew for each "
        "receipt; by an earlier measurement it was 0.45, and 0.74 before that. What is left is "
        "Python that is cold. At 13 µs a frame, 400 clients leave 0.17 ms of it for four "
        "processes to stay within 1.1, and 1,000 leave 0.43. The figures move from run to run: "
        "in two others two processes were at 1.05 and 1.09, and four at 1.35 and 1.21, with 400 "
        "clients; with 1,000 at 1.05 and 1.03, and 1.12 and 1.06."
    ),
)
