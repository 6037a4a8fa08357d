"""Who can't be reached: no phone, SMS or push contact at PagerDuty (API: GET /users with
include[]=contact_methods)."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence

from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.gateways.pagerduty.users import read_users

INCLUDE = {"include": ["contact_methods"]}
WAKING_TYPES = (
    "phone_contact_method",
    "sms_contact_method",
    "push_notification_contact_method",
    "whatsapp_contact_method",
)


def can_be_reached(user: Mapping[str, Any]) -> bool:
    """Whether one of the user's contact methods wakes somebody, of those that are neither blocked
    nor switched off. True also where PagerDuty does not tell (an OAuth app without
    users:contact_methods.read): nobody is accused."""
    methods = user.get("contact_methods")
    if not isinstance(methods, list):
        return True
    return any(
        isinstance(one, dict)
        and str(one.get("type")).replace("_reference", "") in WAKING_TYPES
        and one.get("blacklisted") is not True
        and one.get("enabled") is not False
        for one in methods
    )


def unreachable(pagerduty: PagerDuty, ids: Sequence[str]) -> Dict[str, Reference]:
    """Those of the users who can't be reached, by id. Asks for each, or for the list of all users
    where that takes fewer requests. Users whom PagerDuty no longer knows are left out. Raises the
    gateway's errors."""
    seen = read_users(pagerduty, ids, INCLUDE)
    return {id: _person(row) for id, row in seen.items() if not can_be_reached(row)}


def _person(row: Mapping[str, Any]) -> Reference:
    name = one_line(clean(row.get("name") or row.get("summary"), 200))
    return Reference("user", str(row.get("id")), name, one_line(clean(row.get("email"), 320)))
