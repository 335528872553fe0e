from __future__ import annotations

import pytest

from webapp.auth.permissions import ADMINISTER, OPEN, OPERATE, READ, READ_RUN
from webapp.auth.roles import LOCAL_USER, Role, User

READER = User(name="reader", role=Role.VIEWER, run_id="a")


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (Role.VIEWER, [OPEN, READ, READ_RUN]),
        (Role.OPERATOR, [OPEN, READ, READ_RUN, OPERATE]),
        (Role.ADMIN, [OPEN, READ, READ_RUN, OPERATE, ADMINISTER]),
    ],
)
def test_each_role_may_do_what_those_before_it_may(role: Role, rights: list[object]) -> None:
    user = User(name="somebody", role=role)
    every = [OPEN, READ, READ_RUN, OPERATE, ADMINISTER]
    assert [right for right in every if right.permits(user)] == rights


@pytest.mark.parametrize("run_id", [None, "b", "", "a "])
def test_a_reader_of_one_run_reads_no_other(run_id: str | None) -> None:
    assert not READ_RUN.permits(READER, run_id)


def test_a_reader_of_one_run_reads_that_and_no_list() -> None:
    assert READ_RUN.permits(READER, "a")
    assert not any(right.permits(READER, "a") for right in (READ, OPERATE, ADMINISTER))


def test_a_token_of_an_admin_for_one_run_is_no_admin() -> None:
    user = User(name="odd", role=Role.ADMIN, run_id="a")
    assert not any(right.permits(user, "a") for right in (READ, OPERATE, ADMINISTER))


def test_anybody_on_this_machine_is_admin_where_nobody_signs_in() -> None:
    assert ADMINISTER.permits(LOCAL_USER)
