"""A network of a test's own: hosts on a switch, whose cables can be pulled.

Hosts are network namespaces of Linux with a name, an address and a link of their own each; the
switch is a bridge, which the test itself hangs on too. Everything between two hosts goes through
it, so what it does not pass on is lost without a word: nobody gets a RST or an ICMP message.

The thread that builds it leaves the machine's own network meanwhile, and whatever it starts comes
with it. So nobody else sees links come and go, at which a browser gives its requests up.
"""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest

NEEDED: Final = ("ip", "bridge", "ss", "unshare", "hostname")
_LINK: Final = "eth0"
_CLONE_NEWNET: Final = 0x40000000
"""Of linux/sched.h; Python itself knows it from 3.12 on."""
_NOBODY: Final = "02:00:c6:12:00:00"


def skip_without_network() -> None:
    """Skip, and say loudly why, where no network can be built."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("SEVERAL HOSTS UNTRIED: network namespaces want Linux, and root")
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        pytest.skip(f"SEVERAL HOSTS UNTRIED: no {', '.join(missing)}; apt-get install iproute2")
    probe = f"inc{random.randrange(1 << 20):05x}"
    make = ["ip", "netns", "add", probe]
    made = subprocess.run(make, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"SEVERAL HOSTS UNTRIED: no network namespace here: {made.stderr.strip()}")
    _call("ip", "netns", "del", probe)


class Host:
    """A namespace, and the switch's end of its cable."""

    def __init__(self, name: str, address: str, hardware: str, namespace: str, port: str) -> None:
        self.name = name
        self.address = address
        self.hardware = hardware
        self._namespace = namespace
        self._port = port

    @property
    def here(self) -> tuple[str, ...]:
        """What to write before a command for it to run on this host, by the same pid."""
        naming = 'hostname "$0" && exec "$@"'
        into = ("ip", "netns", "exec", self._namespace, "unshare", "--uts")
        return (*into, "sh", "-c", naming, self.name)

    @contextmanager
    def unplugged(self) -> Iterator[None]:
        """Its cable is out: the host sees that its link has no carrier."""
        _call("ip", "link", "set", self._port, "down")
        try:
            yield
        finally:
            _call("ip", "link", "set", self._port, "up")
        self._wait_until_forwarding()

    @contextmanager
    def silenced(self) -> Iterator[None]:
        """The switch drops what comes from it and what goes to it; nobody can see that."""
        _call("bridge", "link", "set", "dev", self._port, "state", "0")
        try:
            yield
        finally:
            _call("bridge", "link", "set", "dev", self._port, "state", "3")

    @contextmanager
    def half_open(self, server: Host, peers: Iterable[str]) -> Iterator[None]:
        """As silenced, and `server` forgets meanwhile that the `peers`' addresses were connected.

        As if a firewall between them had lost its table: connections look open at the peers' ends
        for as long as those say nothing.
        """
        with self.silenced():
            for address in peers:
                server.forget(address)
            yield

    @contextmanager
    def muted(self, server: Host) -> Iterator[None]:
        """It hears `server` and is not heard by it: what it sends goes to nobody."""
        self.know(server.address, _NOBODY)
        try:
            yield
        finally:
            self.know(server.address, server.hardware)

    def forget(self, address: str) -> None:
        """Drop every connection with `address` at this end alone; if silenced the RST is lost."""
        _call("ip", "netns", "exec", self._namespace, "ss", "-K", "dst", address)

    def know(self, address: str, hardware: str) -> None:
        """Don't ask the link where that address is: an unanswered question would be told."""
        entry = ("neigh", "replace", address, "lladdr", hardware, "dev", _LINK)
        _call("ip", "-n", self._namespace, *entry, "nud", "permanent")

    def _wait_until_forwarding(self) -> None:
        """A port that has its carrier again passes nothing for a moment."""
        deadline = time.monotonic() + 10
        command = ["bridge", "link", "show", "dev", self._port]
        while "state forwarding" not in _call(*command):
            assert time.monotonic() < deadline, "the switch does not take the cable"
            time.sleep(0.01)


class Network:
    """A switch, and the hosts that are added to it."""

    def __init__(self) -> None:
        mark, subnet = f"inc{random.randrange(1 << 16):04x}", random.randrange(1 << 8)
        # 198.18.0.0/15 is kept for tests of networks (RFC 2544).
        self._prefix = f"198.18.{subnet}"
        self._mark = mark
        self._switch = f"{mark}sw"
        self.outside = f"{self._prefix}.1"
        self._hosts: list[Host] = []
        self._machine = _leave_the_machines_network()
        try:
            _call("ip", "link", "add", self._switch, "type", "bridge", "forward_delay", "0")
            _call("ip", "addr", "add", f"{self.outside}/24", "dev", self._switch)
            _call("ip", "link", "set", self._switch, "up")
        except BaseException:
            self.end()
            raise

    def add(self, name: str) -> Host:
        """A further host."""
        number = len(self._hosts) + 2
        address, hardware = f"{self._prefix}.{number}", f"02:00:c6:12:00:{number:02x}"
        namespace, port = f"{self._mark}-{name}", f"{self._mark}p{number}"
        host = Host(name, address, hardware, namespace, port)
        self._hosts.append(host)
        _call("ip", "netns", "add", namespace)
        there = ("peer", "name", _LINK, "netns", namespace, "address", hardware)
        _call("ip", "link", "add", port, "type", "veth", *there)
        _call("ip", "link", "set", port, "master", self._switch, "up")
        inside = ("ip", "-n", namespace)
        _call(*inside, "link", "set", "lo", "up")
        _call(*inside, "addr", "add", f"{address}/24", "dev", _LINK)
        _call(*inside, "link", "set", _LINK, "up")
        self._introduce(host)
        return host

    def end(self) -> None:
        """Take it down. What still runs on a host loses its network.

        By the thread that built it, which is back on the machine's own afterwards.
        """
        try:
            for host in self._hosts:
                _call("ip", "netns", "del", f"{self._mark}-{host.name}")
        finally:
            _return_to(self._machine)  # the switch goes with the last who was on it

    def _introduce(self, host: Host) -> None:
        entry = ("lladdr", host.hardware, "dev", self._switch, "nud", "permanent")
        _call("ip", "neigh", "replace", host.address, *entry)
        for other in self._hosts[:-1]:
            other.know(host.address, host.hardware)
            host.know(other.address, other.hardware)


def _leave_the_machines_network() -> int:
    """Put this thread on a network of its own; returns the way back, for `_return_to`."""
    back = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    _system("unshare", _CLONE_NEWNET)
    _call("ip", "link", "set", "lo", "up")
    return back


def _return_to(network: int) -> None:
    _system("setns", network, _CLONE_NEWNET)
    os.close(network)


def _system(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _call(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # ss lists what it was to drop, and complains of listeners that it can't.
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout
