"""Section canary: events by which the pack proves that it works (docs/operations.md)."""

from __future__ import annotations

from typing import NamedTuple, Tuple

from pagerduty_mattermost.core.config.reader import Reader, Secret

STEPS = 3
"""Parts of a round, each of which may take `bound`: card, acknowledge, resolve."""
LOOK_SECONDS = 60
"""Between two runs of `health.canary`, by its rule."""


class CanaryConfig(NamedTuple):
    """A service of its own, whose incidents are the pack's trial. Nothing is tried while no
    service is named."""

    service: str = ""
    """Id or name. All its incidents count as the canary's."""
    routing_key: Secret = Secret()
    """Of an integration of that service (Events API v2)."""
    channel: str = ""
    """The only one in which cards of that service are posted."""
    user: str = ""
    """The Mattermost user in whose name it clicks; empty: the bot."""
    period: int = 15
    """Minutes between two events."""
    bound: int = 180
    """Seconds in which each step must have happened."""

    def owns(self, service_id: str, service: str) -> bool:
        """Whether an incident of that service is the canary's."""
        return bool(self.service) and (
            self.service == service_id or self.service.casefold() == service.casefold()
        )

    @property
    def missing(self) -> Tuple[str, ...]:
        """What must be set as well, in the configuration's words."""
        wanted = (
            ("canary.service", self.service),
            ("canary.routing_key", self.routing_key),
            ("canary.channel", self.channel),
        )
        return tuple(name for name, value in wanted if not value)


def read_canary(whole: Reader) -> CanaryConfig:
    """The section `canary`; what is wrong in it is noted by the reader."""
    read = whole.section("canary", CanaryConfig())
    canary = CanaryConfig(
        service=read.text("service"),
        routing_key=read.secret("routing_key"),
        channel=read.text("channel"),
        user=read.text("user"),
        period=read.integer("period", 5, 1440),
        bound=read.integer("bound", 30, 3600),
    )
    longest = canary.period * 60 // STEPS - LOOK_SECONDS
    if canary.bound > longest:
        read.wrong("bound", f"must be at most {longest} with this period: a round has three steps")
    return canary
