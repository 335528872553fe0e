"""What to do about a Redis that can't be used: causes that sound alike are told apart."""

from __future__ import annotations

import pytest

from webapp.supervisor.reaching import advice


@pytest.mark.parametrize(
    ("said", "what_to_do"),
    [
        ("invalid username-password pair or user is disabled.", "password"),
        ("Authentication required.", "password"),
        ("AUTH <password> called without any password configured", "password"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "ssl_ca_certs"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)", "write redis://"),
        ("Connection closed by server.", "write rediss://"),
        (
            "Error 2 connecting to unix socket: /run/r.sock. No such file or directory.",
            "the socket",
        ),
        ("DB index is out of range", "database"),
        ("NOPERM this user has no permissions to run the 'info' command", "rights"),
        ("Error -2 connecting to nowhere:6379. Name or service not known.", "no host"),
        ('Protocol error, got "H" as reply type byte', "something else"),
        ("Timeout connecting to server", "firewall"),
        ("Error 111 connecting to 127.0.0.1:1. Connection refused.", "start that Redis"),
    ],
)
def test_each_cause_has_its_own_advice(said: str, what_to_do: str) -> None:
    assert what_to_do in advice(said)
