from __future__ import annotations

import pytest

from webapp.access import find_foreign_origin, find_trouble


def request(host: str | None, origin: str | None = None, port: str = "8000") -> dict[str, str]:
    environ = {"SERVER_PORT": port, "wsgi.url_scheme": "http"}
    if host is not None:
        environ["HTTP_HOST"] = host
    if origin is not None:
        environ["HTTP_ORIGIN"] = origin
    return environ


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "LOCALHOST:8000"]
)
def test_our_own_address_is_answered(host: str) -> None:
    assert find_trouble(request(host)) is None
    assert find_trouble(request(host, f"http://{host}")) is None


def test_a_default_port_need_not_be_named() -> None:
    assert find_trouble(request("localhost", "http://localhost", port="80")) is None


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example:8000",
        "127.0.0.1:9000",
        "127.0.0.1",
        "127.0.0.1.evil.example:8000",
        "127.0.0.1:8000@evil.example",
        "evil@127.0.0.1:8000",
        "localhost:port",
        "localhost:8000/; script-src *",
        "localhost:8000?a",
        "localhost:8000#a",
        "[::1:8000",
        "10.0.0.1:8000",
    ],
)
def test_another_host_is_refused(host: str | None) -> None:
    assert find_trouble(request(host)) is not None


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://evil.example",
        "http://evil.example:8000",
        "http://127.0.0.1:3000",
        "http://localhost",
        "",
        "http://127.0.0.1:8000.evil.example",
    ],
)
def test_another_origin_is_refused(origin: str) -> None:
    assert find_trouble(request("127.0.0.1:8000", origin)) is not None


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("runs.example", None),
        ("runs.example", "https://runs.example"),
        ("runs.example", "http://runs.example"),
        ("runs.example:8000", "http://runs.example:8000"),
        ("RUNS.example:443", "https://runs.example"),
        ("[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_with_users_the_origin_is_the_address_asked_for(host: str, origin: str | None) -> None:
    assert find_foreign_origin(request(host, origin)) is None


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evil.example",
        "https://runs.example.evil.example",
        "https://runs.example:8443",
        "https://evil@runs.example",
        "ftp://runs.example",
        "https://[runs.example",
        "https://runs.example:port",
    ],
)
def test_with_users_a_foreign_origin_is_refused(origin: str) -> None:
    assert find_foreign_origin(request("runs.example", origin)) is not None
