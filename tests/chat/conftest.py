"""What tests of what is said in rooms stand on (test_room_listener*.py)."""

from __future__ import annotations

from typing import Iterator

import pytest
from rooms_world import RoomsWorld


@pytest.fixture
def quiet() -> Iterator[RoomsWorld]:
    """Both sandboxes; the only notes at PagerDuty are what people said."""
    with RoomsWorld(note=False) as world:
        yield world
