"""What tests of rooms stand on: both sandboxes."""

from __future__ import annotations

from typing import Iterator

import pytest
from rooms_world import RoomsWorld


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[RoomsWorld]:
    """Both sandboxes on one clock; a Mattermost of the version that the test asks for."""
    with RoomsWorld(getattr(request, "param", "5.37")) as world:
        yield world
