"""A client whose calls are tried again for a while, for shorter where its caller wants that."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Iterator

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.http.client import RetryPolicy


class NarrowedTries:
    """Base of clients that try each call as `_policy` says."""

    _policy: RetryPolicy

    @contextmanager
    def single_tries(self) -> Iterator[None]:
        """Within this each call has one try, for who tries again itself."""
        policy = self._policy
        self._policy = policy._replace(attempts=1)
        try:
            yield
        finally:
            self._policy = policy

    @contextmanager
    def patient_for(self, seconds: float) -> Iterator[None]:
        """Within this each call is tried for so long at most, where it was longer."""
        policy = self._policy
        self._policy = policy._replace(budget=min(policy.budget, seconds))
        try:
            yield
        finally:
            self._policy = policy
