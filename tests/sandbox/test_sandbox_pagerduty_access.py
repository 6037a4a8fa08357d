"""Whom the sandbox's PagerDuty lets in: keys and their rights, the sender of a change, the rate
limit; trouble that is played; the account driven by HTTP."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any

import pytest
import requests
from sandbox_api import Api

from sandbox.pagerduty import (
    API_KEY,
    OAUTH_TOKEN,
    READ_ONLY_KEY,
    USER_TOKEN,
    PagerDutyAccount,
)


@pytest.mark.parametrize("path", ["/incidents", "/log_entries", "/users", "/nowhere"])
def test_wrong_tokens_are_refused_everywhere(api: Api, path: str) -> None:
    api.documented = False
    for token in ("", "Token token=wrong", "Bearer wrong", f"Token {API_KEY}", "Basic eA=="):
        assert api.refused("GET", path, token=token)[:2] == [401, 2006]


def test_tokens_and_their_rights(api: Api) -> None:
    assert api.send("GET", "/users", token=f"Bearer {OAUTH_TOKEN}").status_code == 200
    assert api.refused("GET", "/users/me")[0] == 400
    me = api.get("/users/me", token=f"Token token={USER_TOKEN}")["user"]
    assert me["email"] == "ada@example.com"
    assert api.refused("POST", "/incidents", {}, token=f"Token token={READ_ONLY_KEY}")[:2] == [
        403,
        2010,
    ]
    assert api.refused("GET", "/incidents/PNOSUCH")[:2] == [404, 2100]
    assert api.refused("GET", "/nowhere")[:2] == [404, 2100]


def test_writing_needs_the_email_of_a_user(api: Api, account: PagerDutyAccount) -> None:
    api.documented = False
    incident = account.trigger("Checkout API", "x")
    body = {"note": {"content": "hi"}}
    path = f"/incidents/{incident.id}/notes"
    assert api.refused("POST", path, body, sender=None)[:2] == [400, 2001]
    assert api.refused("POST", path, body, sender="who@example.com") == [
        400,
        1008,
        "Requester User Not Found",
    ]
    assert api.send("POST", path, body, sender="ADA@example.com").status_code == 200
    assert (
        api.send("POST", path, body, token=f"Token token={USER_TOKEN}", sender=None).status_code
        == 200
    )


def test_the_rate_limit_is_told_and_kept(api: Api, account: PagerDutyAccount) -> None:
    account.options.rate_limit = 2
    headers = api.send("GET", "/users").headers
    assert (headers["ratelimit-limit"], headers["ratelimit-remaining"]) == ("2", "1")
    assert 1 <= int(headers["ratelimit-reset"]) <= 60
    api.send("GET", "/users")
    limited = api.send("GET", "/users")
    assert (limited.status_code, limited.json()["error"]["code"]) == (429, 2020)
    assert limited.headers["ratelimit-remaining"] == "0"
    assert api.send("GET", "/users", token=f"Bearer {OAUTH_TOKEN}").status_code == 200
    api.server.clock.advance(60)
    assert api.send("GET", "/users").status_code == 200
    account.options.rate_headers = False
    assert "ratelimit-limit" not in api.send("GET", "/users").headers


def test_faults_speak_as_pagerduty_does(api: Api) -> None:
    api.server.faults.add("status", status=429, retry_after=9, times=1)
    limited = api.send("GET", "/users")
    assert (limited.json()["error"]["code"], limited.headers["ratelimit-reset"]) == (2020, "9")
    api.server.faults.add("status", status=502, times=1)
    assert "html" in api.send("GET", "/users").headers["Content-Type"]


def test_the_account_can_be_driven_by_http(api: Api, account: PagerDutyAccount) -> None:
    def do(word: str, **args: Any) -> requests.Response:
        return requests.post(
            api.server.url + "/_sandbox/account", json={"do": word, "args": args}, timeout=60
        )

    made = do("trigger", service="Checkout API", title="x", priority="P3").json()["result"]
    assert made["priority"]["name"] == "P3"
    assert (
        do("acknowledge", incident=made["id"], user="Ada Lovelace").json()["result"]["status"]
        == "acknowledged"
    )
    assert do("truth").json()["result"][0]["acknowledgers"] == ["Ada Lovelace"]
    assert do("set_options", title_entry="").json()["result"]["title_entry"] == ""
    do("resolve", incident=1)
    assert do("resolve", incident=1).status_code == 400
    assert do("explode").status_code == 404
    assert do("acknowledge", incident="QX").status_code == 404
