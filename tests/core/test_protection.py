"""Connections that are not protected on the way are named; those on one machine are not."""

from __future__ import annotations

from typing import Any, Dict

import pytest

from pagerduty_mattermost.core.config.protection import is_public, unprotected
from pagerduty_mattermost.core.config.settings import load

MATTERMOST = {"token": "t" * 26, "team": "ops"}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"tls": {"verify": False}}, ["tls.verify: false", "mattermost.verify_tls"]),
        ({"mattermost": {**MATTERMOST, "verify_tls": False}}, ["mattermost.verify_tls"]),
        ({"mattermost": {**MATTERMOST, "url": "http://chat.example.com"}}, ["mattermost.url: "]),
        ({"api_url": "http://203.0.114.9:8080"}, ["api_url: PagerDuty's key"]),
        ({"events_url": "http://events.pagerduty.com"}, ["events_url: "]),
        ({"mattermost": {**MATTERMOST, "url": "http://mattermost:8065"}}, []),
        ({"api_url": "http://127.0.0.1:8080"}, []),
        ({"mattermost": {**MATTERMOST, "url": "https://chat.example.com"}}, []),
        ({}, []),
    ],
)
def test_what_is_not_protected_is_named(raw: Dict[str, Any], words: Any) -> None:
    found = unprotected(load({"api_key": "k", **raw}))
    assert len(found) == len(words)
    for line, begins in zip(found, words):
        assert line.startswith(begins)
        assert "\n" not in line


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("http://10.0.0.4", False),
        ("http://[::1]:80", False),
        ("http://[2606:4700::1]", True),
        ("http://localhost", False),
        ("http://chat.corp.internal", False),
        ("http://chat.example.com.", True),
        ("http://[", False),
        ("", False),
    ],
)
def test_an_address_is_public_by_its_name(url: str, public: bool) -> None:
    assert is_public(url) is public
