"""What tests of this folder stand on: servers of their own, and the gateways that ask them."""

from __future__ import annotations

from typing import Any, Callable, Iterator, List

import pytest
from channels_scene import Scene
from chat_world import Chat
from http_double import Double
from listener_site import Answer, Site, echo
from pagerduty_double import Setup


@pytest.fixture
def setup() -> Iterator[Setup]:
    """A gateway to PagerDuty, and the server it speaks to."""
    current: List[Setup] = []
    with Double(lambda request: current[0].handler(request)) as double:
        current.append(Setup(double))
        yield current[0]


@pytest.fixture
def chat() -> Iterator[Chat]:
    """A Mattermost."""
    with Chat() as chat:
        yield chat


@pytest.fixture
def incidents(chat: Chat) -> str:
    """The id of a channel that the bot is in."""
    channel = chat.world.channels["incidents"]
    chat.service.add_member(channel, chat.world.bot)
    return channel.id


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A Mattermost, and runs with channels of their own."""
    with Chat() as chat:
        yield Scene(chat)


@pytest.fixture
def started() -> Iterator[Callable[..., Site]]:
    """Starts a listener, and stops it when the test ends."""
    sites: List[Site] = []

    def start(answer: Answer = echo, **bounds: Any) -> Site:
        sites.append(Site(answer, **bounds))
        return sites[-1]

    yield start
    for site in sites:
        site.listener.stop()
