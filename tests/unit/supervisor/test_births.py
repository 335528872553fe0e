from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from webapp.supervisor import births


def test_a_living_process_keeps_its_birth() -> None:
    assert births.birth_of(os.getpid()) == births.birth_of(os.getpid()) is not None


def test_a_pid_of_nobody_has_no_birth() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert births.birth_of(child.pid) is None


def test_a_process_that_ended_and_was_not_reaped_counts_as_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert child.stdout is not None
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert births.birth_of(child.pid) is None
    child.communicate()


@pytest.mark.parametrize("find", [births._birth_in_proc, births._birth_by_ps])
def test_each_way_to_find_a_birth_tells_the_living_from_the_dead(
    find: Callable[[int], str | None],
) -> None:
    if find is births._birth_in_proc and sys.platform != "linux":
        pytest.skip("there is no /proc here")
    assert find(os.getpid())
    assert find(2**22 + 1) is None
