"""The gateway to PagerDuty and a scripted server that it speaks to, with waits that are noted and
not slept."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional

from http_double import Double

from pagerduty_mattermost.core.config.connections import Http, PagerDutyConfig, Timeouts
from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.gateways.http.client import RetryPolicy
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from sandbox.server import HttpAnswer, HttpRequest

KEY = "u+AbCdEfGhIjKlMnOpWXYZ"
RATE = {"ratelimit-limit": "960", "ratelimit-remaining": "950", "ratelimit-reset": "12"}
Handler = Callable[[HttpRequest], HttpAnswer]


class Setup:
    """A gateway, the server it speaks to, and what it slept."""

    def __init__(self, double: Double) -> None:
        self.double = double
        self.now = 0.0
        self.slept: List[float] = []
        self.handler: Handler = lambda _: HttpAnswer(200, {"incident": {"id": "P1"}}, RATE)
        self.pagerduty = self.gateway()

    def gateway(
        self,
        policy: RetryPolicy = RetryPolicy(attempts=3, budget=30.0),  # noqa: B008
        **settings: Any,
    ) -> PagerDuty:
        config = PagerDutyConfig(
            api_key=Secret(KEY), api_url=self.double.url, http=Http(timeouts=Timeouts(5.0, 10.0))
        )._replace(**settings)
        return PagerDuty(
            config,
            policy=policy,
            sleep=self._sleep,
            monotonic=lambda: self.now,
            random=lambda: 0.5,
            clock=lambda: 1e9,
        )

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def answers(self, *answers: HttpAnswer) -> None:
        """Each request gets the next answer, the last one again and again."""
        left = list(answers)
        self.handler = lambda _: left.pop(0) if len(left) > 1 else left[0]


def trouble(status: int, headers: Optional[Dict[str, str]] = None, **error: Any) -> HttpAnswer:
    return HttpAnswer(
        status, {"error": error or {"message": "Trouble", "code": 2000}}, headers or {}
    )
