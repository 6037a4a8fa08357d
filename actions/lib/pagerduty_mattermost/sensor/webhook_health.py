"""How PagerDuty's webhook does, as the incident sensor noted it last: one datastore key, for
`webhook.status` and the health check.
"""

from __future__ import annotations

from typing import Mapping, NamedTuple, Optional

from pagerduty_mattermost.core.json_values import record_or_none, to_json
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

KEY = "webhook.health"
OLD_KEY = "webhook.bell"
"""What the key was called before; still read, until the sensor has written under the new one."""


class WebhookHealth(NamedTuple):
    """How the webhook does, as `webhook.status` tells it."""

    works: bool = False
    """Verified calls come, and no change is known that one should have come for and did not."""
    address: str = ""
    """Where the sensor listens; empty while it does not."""
    problem: str = ""
    """Why it does not listen."""
    calls: Mapping[str, int] = {}
    """How many came since the sensor's start, by verdict."""
    last_call: str = ""
    """The newest verified one: ISO 8601 by PagerDuty's clock, empty for none."""
    at: str = ""
    """When this was noted."""


def unfit_advice(count: int) -> str:
    """For who runs the pack, while genuine calls are missing. `count`: calls so far whose
    signature fits no secret, which a stranger can send as well as a misconfigured PagerDuty."""
    return (
        f"{count} calls bore a signature that fits no secret: where they are PagerDuty's, run "
        "pagerduty.webhook.setup, or correct webhook.secrets"
    )


def read(store: Store) -> Optional[WebhookHealth]:
    """None when the sensor has noted nothing, or nothing that reads. Raises StoreUnreachable or
    BrokenValue."""
    value = store.read(KEY) or store.read(OLD_KEY)
    return record_or_none(WebhookHealth, value)


def save(store: Store, health: WebhookHealth) -> None:
    """Raises StoreUnreachable."""
    store.write(KEY, to_json(health))


def forget(store: Store) -> None:
    """Nothing is known of the webhook any more. Raises as `Store.delete`."""
    store.delete(KEY)
    forget_old(store)


def forget_old(store: Store) -> None:
    """Take away what an older version of the pack noted, once there is something newer."""
    store.delete(OLD_KEY)
