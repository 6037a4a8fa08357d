"""The sandbox's servers for the tests of this folder, each test with its own; what they answered
is held to the OpenAPI documents where those are at hand."""

from __future__ import annotations

from typing import Iterator

import openapi
import pytest
from chat_box import Box, chat_box
from integrations_world import World, world
from sandbox_api import START, Api
from webhook_hook import Hook, listening

from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import PagerDutyAccount, PagerDutyServer


def _as_documented(journal: SandboxJournal) -> None:
    if openapi.available():
        assert openapi.check_journal(journal) == []


@pytest.fixture
def api() -> Iterator[Api]:
    """A PagerDuty that repeats the calls of its webhooks at once."""
    clock = Clock(START)
    with PagerDutyServer(SandboxJournal(clock), clock) as server:
        server.courier._pause = 0.01
        made = Api(server)
        yield made
        if made.documented:
            _as_documented(server.journal)


@pytest.fixture
def account(api: Api) -> PagerDutyAccount:
    return api.account


@pytest.fixture
def hook() -> Iterator[Hook]:
    with listening() as made:
        yield made


@pytest.fixture
def at() -> Iterator[World]:
    """A Mattermost, and whom it calls."""
    with world() as made:
        yield made
        _as_documented(made.journal)


@pytest.fixture
def box() -> Iterator[Box]:
    """A Mattermost with the bot that speaks to it."""
    with chat_box() as made:
        yield made
