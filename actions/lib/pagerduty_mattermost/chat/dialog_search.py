"""What a list in a dialog offers for what is typed into it, as PagerDuty finds it.

    search(pagerduty, SERVICE, "check")                # [Choice("Checkout API", "Checkout API")]
    search(pagerduty, LEVEL, "", incident="PT4KHLK")   # [Choice("Level 2: Grace Hopper", "2"), …]

Nothing is remembered here. Raises the gateway's errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple

from pagerduty_mattermost.core.text import clean, cut, one_line

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
    from pagerduty_mattermost.gateways.pagerduty.on_calls import OnCall

SERVICE, SCHEDULE, WORKFLOW, PRIORITY = "service", "schedule", "workflow", "priority"
PERSON = "person"
ASSIGNEE = "assignee"
"""A person, or an escalation policy."""
LEVEL = "level"
"""A level of the incident's escalation policy, or another policy."""
LISTS: Mapping[str, str] = {
    SERVICE: "services",
    PRIORITY: "priorities",
    WORKFLOW: "incident_workflows",
    SCHEDULE: "schedules",
}
"""What is chosen by its name, and PagerDuty's list of it."""
MAX_CHOICES = 25
MAX_CHARACTERS = 64
"""Of a choice, as people see it."""


class Choice(NamedTuple):
    """An entry of a list, as Mattermost takes it."""

    text: str
    value: str


def search(pagerduty: PagerDuty, kind: str, query: str, *, incident: str = "") -> List[Choice]:
    """`kind`: one of the words above; `incident`: id of the one that the dialog is about."""
    asked = one_line(clean(query, 100))
    if kind in LISTS:
        return [named(name) for name in _names(pagerduty, kind, asked)]
    rows = _on_calls(pagerduty, incident) if incident else []
    if kind == LEVEL:
        levels = [one for one in _levels(rows) if _fits(one.text, asked)]
        own = {row.policy_id for row in rows}
        return [*levels, *_policies(pagerduty, asked, own)][:MAX_CHOICES]
    found = _people(pagerduty, rows, asked)
    if kind == ASSIGNEE and (asked or len(found) < MAX_CHOICES):
        found += _policies(pagerduty, asked)
    return found[:MAX_CHOICES]


def named(name: str) -> Choice:
    """A choice that is submitted as it is shown, but for its length."""
    return Choice(cut(clean(name), MAX_CHARACTERS), clean(name))


def _names(pagerduty: PagerDuty, kind: str, query: str) -> List[str]:
    """Those of a part of a name; of schedules also those that stand in a list of their own, which
    takes no query."""
    rows = _rows(pagerduty, f"/{LISTS[kind]}", LISTS[kind], query)
    if kind == SCHEDULE:
        from pagerduty_mattermost.gateways.pagerduty.references import KINDS, shift_based_rows

        rows += shift_based_rows(pagerduty, KINDS[SCHEDULE])
    names = (str(row["name"]) for row in rows if row.get("name"))
    return [name for name in dict.fromkeys(names) if _fits(name, query)][:MAX_CHOICES]


def _people(pagerduty: PagerDuty, rows: List[OnCall], query: str) -> List[Choice]:
    """Who is on call for the incident first; all by their ids."""
    found: Dict[str, Choice] = {}
    for row in sorted(rows, key=lambda one: one.level):
        text = f"{one_line(clean(row.user.name, 40))} · on call, level {row.level}"
        if _fits(text, query):
            found.setdefault(row.user.id, Choice(cut(text, MAX_CHARACTERS), row.user.id))
    for user in _rows(pagerduty, "/users", "users", query):
        found.setdefault(str(user["id"]), Choice(shown_person(user), str(user["id"])))
    return list(found.values())


def shown_person(user: Mapping[str, Any]) -> str:
    """A user of PagerDuty's, as a list shows them."""
    name, email = (one_line(clean(user.get(key), 60)) for key in ("name", "email"))
    return cut(f"{name} ({email})" if email else name, MAX_CHARACTERS)


def _policies(pagerduty: PagerDuty, query: str, but: Any = ()) -> List[Choice]:
    rows = _rows(pagerduty, "/escalation_policies", "escalation_policies", query)
    return [
        Choice(cut(f"{one_line(clean(row.get('name')))} (policy)", MAX_CHARACTERS), str(row["id"]))
        for row in rows
        if row["id"] not in but
    ]


def _levels(rows: List[OnCall]) -> List[Choice]:
    people: Dict[int, List[str]] = {}
    for row in rows:
        names = people.setdefault(row.level, [])
        if row.user.name not in names:
            names.append(row.user.name)
    return [
        Choice(
            cut(f"Level {level}: {one_line(clean(', '.join(people[level])))}", MAX_CHARACTERS),
            str(level),
        )
        for level in sorted(people)
    ]


def _on_calls(pagerduty: PagerDuty, incident: str) -> List[OnCall]:
    """Who stands on which level of the incident's escalation policy now."""
    from pagerduty_mattermost.gateways.pagerduty import on_calls
    from pagerduty_mattermost.gateways.pagerduty.find_incident import get_incident

    policy = get_incident(pagerduty, incident).get("escalation_policy")
    id = str(policy.get("id") or "") if isinstance(policy, Mapping) else ""
    return on_calls.read(pagerduty, {"escalation_policy_ids": [id]}) if id else []


def _rows(pagerduty: PagerDuty, path: str, key: str, query: str) -> List[Mapping[str, Any]]:
    params = {"limit": MAX_CHOICES, **({"query": query} if query else {})}
    return [row for row in pagerduty.page(path, key, params).items if row.get("id")]


def _fits(text: str, query: str) -> bool:
    return all(word in text.casefold() for word in query.casefold().split())
