from __future__ import annotations

from pathlib import Path

import pytest

from inception.runs.errors import SettingsError
from webapp.auth import passwords
from webapp.auth.passwords import hash_password, is_right
from webapp.auth.roles import Role
from webapp.auth.users import MAX_BYTES, Account, UsersFile, read_accounts

KEPT = hash_password("right")


@pytest.fixture
def file(tmp_path: Path) -> UsersFile:
    file = UsersFile(tmp_path / "users")
    file.add(Account(name="ann", role=Role.ADMIN, hash=KEPT))
    return file


def test_a_line_is_name_role_and_hash(file: UsersFile, tmp_path: Path) -> None:
    assert (tmp_path / "users").read_text() == f"ann:admin:{KEPT}\n"


def test_only_its_owner_reads_the_file(file: UsersFile, tmp_path: Path) -> None:
    assert (tmp_path / "users").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["users"]  # no draft is left


def test_what_others_write_is_seen_at_once(file: UsersFile, tmp_path: Path) -> None:
    assert file.find("bob") is None
    UsersFile(tmp_path / "users").add(Account(name="bob", role=Role.VIEWER, hash=KEPT))
    assert file.find("bob") is not None
    assert file.find("ann") is not None


def test_adding_again_replaces(file: UsersFile) -> None:
    file.add(Account(name="ann", role=Role.VIEWER, hash=KEPT))
    assert [account.role for account in file.accounts().values()] == [Role.VIEWER]


def test_removing_says_whether_there_was_one(file: UsersFile) -> None:
    assert (file.remove("ann"), file.remove("ann")) == (True, False)
    assert file.accounts() == {}


def test_a_file_that_is_gone_lets_nobody_in(file: UsersFile, tmp_path: Path) -> None:
    assert file.find("ann") is not None
    (tmp_path / "users").unlink()
    assert file.find("ann") is None


def test_a_file_that_was_spoilt_lets_nobody_in(file: UsersFile, tmp_path: Path) -> None:
    with (tmp_path / "users").open("a") as stream:
        stream.write("bob:viewer:plain\n")
    assert file.find("ann") is None


@pytest.mark.parametrize(
    "line",
    ["ann", "ann:admin", f"ann:root:{KEPT}", f":admin:{KEPT}", f"a b:admin:{KEPT}", "a:admin:x"],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "users"
    path.write_text(f"# users\n\n{line}\n")
    with pytest.raises(SettingsError, match="line 3 of"):
        read_accounts(path)


def test_a_file_has_a_bound(tmp_path: Path) -> None:
    path = tmp_path / "users"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(SettingsError, match="larger"):
        read_accounts(path)


def test_a_file_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="flask runs users add"):
        read_accounts(tmp_path / "none")


def test_the_mark_of_an_account_changes_with_its_password() -> None:
    first = Account(name="ann", role=Role.ADMIN, hash=KEPT)
    again = Account(name="ann", role=Role.ADMIN, hash=hash_password("right"))
    assert first.mark != again.mark
    assert first.mark not in KEPT


def test_only_the_right_password_is_right() -> None:
    assert is_right("right", KEPT)
    assert not any(is_right(wrong, KEPT) for wrong in ("", "Right", "right ", "x" * 10_000))


def test_nobody_has_no_password_and_costs_as_much_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    real = passwords._HASHER

    class Noting:
        def hash(self, password: str) -> str:
            return real.hash(password)

        def verify(self, kept: str, password: str) -> bool:
            checked.append(kept)
            return real.verify(kept, password)

    monkeypatch.setattr(passwords, "_HASHER", Noting())
    assert not is_right("nobody's password", None)
    assert [parameters(each) for each in checked] == [parameters(KEPT)]


def parameters(kept: str) -> list[str]:
    """What a hash costs to check: its kind, version, memory, passes and lanes."""
    return kept.split("$")[1:4]


def test_a_hash_says_argon2id_and_no_password() -> None:
    assert KEPT.startswith("$argon2id$")
    assert ":" not in KEPT
    assert "right" not in KEPT
