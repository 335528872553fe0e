"""Pages: each is served, under a policy of its own, and to nobody else's page."""

from __future__ import annotations

import pytest

from tests.integration.webapp.rest import Rest, problem


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
@pytest.mark.parametrize("path", ["/", "/api/v1/runs", "/socket.io/?EIO=4&transport=polling"])
def test_another_sites_request_is_refused(rest: Rest, path: str, headers: dict[str, str]) -> None:
    assert problem(rest.call("GET", path, headers=headers)) == (403, "forbidden")


def test_pages_come_with_a_policy_whose_nonce_is_theirs_alone(rest: Rest) -> None:
    html = {"Accept": "text/html"}
    first, again = rest.call("GET", "/", headers=html), rest.call("GET", "/", headers=html)
    policies = [page.headers["Content-Security-Policy"] for page in (first, again)]
    nonces = [policy.partition("'nonce-")[2].partition("'")[0] for policy in policies]
    assert nonces[0] != nonces[1]
    assert f'nonce="{nonces[0]}"' in first.text
    assert "unsafe" not in policies[0]
    assert "default-src 'none'" in policies[0]


@pytest.mark.parametrize("path", ["/", "/runs/some", "/start", "/workers", "/signin", "/docs"])
def test_every_page_is_served(rest: Rest, path: str) -> None:
    answer = rest.call("GET", path, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_missing_page_is_a_page(rest: Rest) -> None:
    answer = rest.call("GET", "/nowhere", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
