"""The pack running on a sandbox with chat set up, and its page in a browser: one of each for all
tests of a file."""

from __future__ import annotations

from typing import Iterator

import pytest
from browser import Browser
from near_room import NearRoom

from sandbox import Sandbox
from sandbox.chat_room import Room

OFTEN = """addEventListener("load", async () => {
  for (;;) {
    await refresh();
    await new Promise(done => setTimeout(done, 100));
  }
});"""
"""People's pages ask the sandbox each second what is new."""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with Sandbox() as sandbox, NearRoom(sandbox, tmp_path_factory.mktemp("room")) as made:
        yield made


@pytest.fixture(scope="module")
def browser(room: Room, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """On the sandbox's page, which logs no error."""
    with Browser(tmp_path_factory.mktemp("browser")) as made:
        made.call("Page.addScriptToEvaluateOnNewDocument", source=OFTEN)
        made.open(room.sandbox.mattermost.url + "/")
        yield made
        assert made.complaints == []


@pytest.fixture
def page(browser: Browser) -> Browser:
    """A file may have its own, of several sizes: a fixture with parameters of its own would
    start a browser for each."""
    return browser
