"""How people are notified by PagerDuty: who can't be reached, without a phone, SMS or push
contact, and whose notification rules come late or by push alone (API: GET /users with
include[]=contact_methods and notification_rules)."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.gateways.pagerduty.users import read_users

INCLUDE = {"include": ["contact_methods", "notification_rules"]}
PUSH = "push_notification_contact_method"
LATE_MINUTES = 5
"""The first notification of a high-urgency incident that comes later than this is late."""
NO_RULE, LATE_RULE, PUSH_ALONE = "no_rule", "late_rule", "push_alone"
WAKING_TYPES = (
    "phone_contact_method",
    "sms_contact_method",
    PUSH,
    "whatsapp_contact_method",
)


class UserContacts(NamedTuple):
    """How somebody is notified."""

    user: Reference
    reachable: bool
    """Whether anything but e-mail comes."""
    weakness: str = ""
    """NO_RULE, LATE_RULE or PUSH_ALONE; empty when nothing is to be said."""
    text: str = ""
    """The same for people."""


def can_be_reached(user: Mapping[str, Any]) -> bool:
    """Whether one of the user's contact methods wakes somebody, of those that are neither blocked
    nor switched off. True also where PagerDuty does not tell (an OAuth app without
    users:contact_methods.read): nobody is accused."""
    methods = user.get("contact_methods")
    return not isinstance(methods, list) or bool(_waking(methods))


def _waking(methods: Sequence[Any]) -> List[Mapping[str, Any]]:
    return [
        one
        for one in methods
        if isinstance(one, dict)
        and _type(one) in WAKING_TYPES
        and one.get("blacklisted") is not True
        and one.get("enabled") is not False
    ]


def _type(method: Any) -> str:
    return str(method.get("type") if isinstance(method, dict) else "").replace("_reference", "")


def contacts(user: Mapping[str, Any]) -> UserContacts:
    """Of PagerDuty's row of a user. Pure. Where PagerDuty shows no rules, nothing is said of
    them."""
    person = _person(user)
    methods, rules = user.get("contact_methods"), user.get("notification_rules")
    if not can_be_reached(user):
        return UserContacts(person, False)
    if not isinstance(methods, list) or not isinstance(rules, list):
        return UserContacts(person, True)
    waking = _waking(methods)
    ids = {one.get("id") for one in waking}
    delays = [
        rule.get("start_delay_in_minutes") or 0
        for rule in rules
        if isinstance(rule, dict)
        and rule.get("urgency") == "high"
        and (rule.get("contact_method") or {}).get("id") in ids
    ]
    if not delays:
        text = "no notification rule for high urgency uses a phone, SMS or push contact"
        return UserContacts(person, True, NO_RULE, text)
    if min(delays) > LATE_MINUTES:
        text = f"the first phone, SMS or push notification comes after {min(delays)} minutes"
        return UserContacts(person, True, LATE_RULE, text)
    if all(_type(one) == PUSH for one in waking):
        text = "push notifications alone: a telephone without network hears nothing"
        return UserContacts(person, True, PUSH_ALONE, text)
    return UserContacts(person, True)


def read_contacts(pagerduty: PagerDuty, ids: Sequence[str]) -> Dict[str, UserContacts]:
    """By id of the user. Asks for each, or for the list of all users where that takes fewer
    requests. Users whom PagerDuty no longer knows are left out. Raises the gateway's errors."""
    return {id: contacts(row) for id, row in read_users(pagerduty, ids, INCLUDE).items()}


def _person(row: Mapping[str, Any]) -> Reference:
    name = one_line(clean(row.get("name") or row.get("summary"), 200))
    return Reference("user", str(row.get("id")), name, one_line(clean(row.get("email"), 320)))
