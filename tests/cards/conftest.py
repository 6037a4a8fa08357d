"""What tests of cards stand on: a Mattermost of their own."""

from __future__ import annotations

from typing import Iterator

import pytest
from chat_world import Chat
from posts_world import Wall


@pytest.fixture
def wall() -> Iterator[Wall]:
    """Cards in a Mattermost."""
    with Chat() as chat:
        yield Wall(chat)
