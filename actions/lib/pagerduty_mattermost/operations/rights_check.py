"""A line of `health.check`: whether StackStorm lets the pack keep what it remembers (RBAC)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from pagerduty_mattermost.gateways.stackstorm import key_rights

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def check(context: Context) -> Tuple[str, str]:
    """ok, warn, fail or off, and a text. Raises as the datastore, and what
    StackStorm's client raises."""
    hidden = context.store.hidden()
    if not key_rights.is_on():
        return ("fail", hidden) if hidden else ("off", "RBAC is off: everybody may do everything")
    lacking = context.without_role()
    if lacking:
        return "fail", (
            f"{' and '.join(lacking)} lack the role admin: sensors and rules can't keep what they "
            f"remember; {key_rights.TO_DO}"
        )
    if hidden:
        return "warn", hidden
    if lacking is None:
        return "warn", "who has which role in StackStorm only an admin may ask"
    return "ok", "sensors, rules and this user may read and write the pack's keys"
