"""Stand-in: the mock action service (see standalone/shims/README.md)."""

from __future__ import annotations

from st2tests.mocks.services import MockService, Wrapper

__all__ = ["MockActionService", "MockActionWrapper"]


class MockActionWrapper(Wrapper):
    """Names the pack and the action class."""


class MockActionService(MockService):
    """Handed to action classes in tests."""

    def __init__(self, action_wrapper: MockActionWrapper) -> None:
        super().__init__(action_wrapper)
        self._action_wrapper = action_wrapper
