from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from webapp.supervisor import redis_server


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    file = tmp_path / "valkey-server"
    file.touch(mode=0o755)
    return file


def test_the_address_stays_with_the_folder(tmp_path: Path, binary: Path) -> None:
    first = redis_server.prepare(tmp_path / "redis", binary=binary)
    second = redis_server.prepare(tmp_path / "redis", binary=binary)
    assert first.url == second.url


def test_two_folders_have_passwords_of_their_own(tmp_path: Path, binary: Path) -> None:
    first = redis_server.prepare(tmp_path / "one", binary=binary)
    second = redis_server.prepare(tmp_path / "two", binary=binary)
    assert first.address.password != second.address.password


def test_a_port_taken_by_somebody_else_is_left_to_them(tmp_path: Path, binary: Path) -> None:
    before = redis_server.prepare(tmp_path / "redis", binary=binary).address
    with socket.create_server((redis_server.LOOPBACK, before.port)):
        after = redis_server.prepare(tmp_path / "redis", binary=binary).address
    assert after.port != before.port
    assert after.password == before.password


def test_a_damaged_address_file_is_replaced(tmp_path: Path, binary: Path) -> None:
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "address.json").write_text("[]")
    server = redis_server.prepare(tmp_path / "redis", binary=binary)
    assert server.address.port in redis_server.PORTS


def test_only_the_owner_can_read_the_password(tmp_path: Path, binary: Path) -> None:
    server = redis_server.prepare(tmp_path / "redis", binary=binary)
    for name in ("address.json", "redis.conf"):
        assert stat.S_IMODE((server.directory / name).stat().st_mode) == 0o600
    assert server.address.password not in " ".join(server.command)


def test_a_folder_with_blanks_and_quotes_is_quoted_in_the_configuration(
    tmp_path: Path, binary: Path
) -> None:
    server = redis_server.prepare(tmp_path / 'my "own" redis', binary=binary)
    configuration = (server.directory / "redis.conf").read_text()
    assert f'dir "{tmp_path}/my \\"own\\" redis"' in configuration


def test_a_missing_binary_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_server, "_wheel_binary", lambda: None)
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(redis_server.RedisServerError, match=r"apt install redis-server.*REDIS_URL"):
        redis_server.find_binary()


def test_a_server_on_path_serves_where_the_wheel_is_missing(
    monkeypatch: pytest.MonkeyPatch, binary: Path
) -> None:
    monkeypatch.setattr(redis_server, "_wheel_binary", lambda: None)
    monkeypatch.setenv("PATH", str(binary.parent))
    assert redis_server.find_binary() == binary
