"""The pack running as a process on a sandbox with chat set up, and its page in a browser: one of
each for all tests of a file."""

from __future__ import annotations

from typing import Iterator

import pytest
from browser import Browser

from sandbox import Sandbox
from sandbox.chat_room import Room


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with Sandbox() as sandbox, Room(sandbox, tmp_path_factory.mktemp("room")) as made:
        yield made


@pytest.fixture(scope="module")
def page(room: Room, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """On the sandbox's page, which logs no error."""
    with Browser(tmp_path_factory.mktemp("browser")) as made:
        made.open(room.sandbox.mattermost.url + "/")
        yield made
        assert made.complaints == []
