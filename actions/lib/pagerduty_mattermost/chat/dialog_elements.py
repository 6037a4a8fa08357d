"""The fields of each dialog, as the server can show them. Pure.

    elements("reassign", known, "https://st2.example.com/pagerduty", {}, now)
    # -> [{"display_name": "To", "name": "user", "type": "select", …}]

A list that is known whole and short is given whole: each client searches it as people type,
without asking anybody. Others are asked for where the server can (`DialogAbilities.lookups`), else
the likely ones are offered and the rest is typed.
"""

from __future__ import annotations

import math
from typing import Any, Dict, List, Mapping, Sequence

from pagerduty_mattermost.cards.buttons import DIALOGS, SNOOZE_UNTIL
from pagerduty_mattermost.chat.dialog_lists import PEOPLE, PLAYBOOK, KnownLists, NameList
from pagerduty_mattermost.chat.dialog_search import (
    ASSIGNEE,
    LEVEL,
    PERSON,
    PRIORITY,
    SCHEDULE,
    SERVICE,
    WORKFLOW,
    named,
)
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.text import clean, cut

LOOKUP = "/lookup"
"""Where lists are asked for, below the public address."""
DECLARE, OVERRIDE, MAINTENANCE = "declare", "override", "maintenance"
FORMS = (DECLARE, OVERRIDE, MAINTENANCE)
"""Dialogs that a command opens which is typed without more."""
DECLARED = ("title", "service", "urgency", "priority", "assign", "details", "playbook", "room")
"""Fields of a declaration; the configuration picks and orders them."""
OTHER = "other"
"""Ends the name of a field in which is typed what a list does not offer."""
NOT_IN_LIST = "Only where it is not in the list above."
ONE_NEEDED = "One of the two is needed."
MAX_TEXT_CHARACTERS, MAX_LINE_CHARACTERS = 3000, 150
MAX_OPTIONS = 100
"""Of a list that is given whole."""
STEP_MINUTES = 15
"""Between the times that a picker offers; others can be typed."""
ASKED: Mapping[str, str] = {
    "service": SERVICE,
    "priority": PRIORITY,
    "schedule": SCHEDULE,
    "assign": PERSON,
    "person": PERSON,
}
"""What is asked for in a field, by its name, in a dialog of no incident."""


def asked_kind(kind: str, field: str) -> str:
    """What a list of a dialog is asked for, one of `dialog_search`'s words; empty for none."""
    of_incident = {
        ("reassign", "user"): ASSIGNEE,
        ("responders", "user"): PERSON,
        ("escalate", "text"): LEVEL,
        (WORKFLOW, "text"): WORKFLOW,
        (PRIORITY, "text"): PRIORITY,
    }
    return of_incident.get((kind, field)) or (ASKED.get(field, "") if kind in FORMS else "")


def elements(
    kind: str,
    known: KnownLists,
    url: str,
    given: Mapping[str, str],
    now: float,
    declared: Any = (),
) -> List[Dict[str, Any]]:
    """`kind`: of the dialog; `url`: the public address; `given`: what stands in the fields
    already, by their names; `declared`: the fields of a declaration."""
    made = _ElementMaker(known, url, given, now)
    if kind == DECLARE:
        return [element for name in declared for element in made.declared(name)]
    if kind == OVERRIDE:
        return [*made.chosen("schedule", "Schedule"), *made.person(), *made.span()]
    if kind == MAINTENANCE:
        return [*made.chosen("service", "Service"), *made.span()]
    if kind in ("reassign", "responders"):
        return made.people(kind)
    if kind == "escalate":
        return [made.level()]
    if kind in (PRIORITY, WORKFLOW):
        return made.chosen("text", DIALOGS[kind], of=kind)
    if kind == SNOOZE_UNTIL:
        return [made.until()]
    return [
        {
            "display_name": "Update" if kind == "status" else "Note",
            "name": "text",
            "type": "textarea",
            "max_length": MAX_TEXT_CHARACTERS,
            "optional": kind == "resolvenote",
        }
    ]


class _ElementMaker:
    def __init__(self, known: KnownLists, url: str, given: Mapping[str, str], now: float) -> None:
        self._lists, self._can = known.lists, known.abilities
        self._url, self._given, self._now = url.rstrip("/") + LOOKUP, given, now

    def declared(self, name: str) -> List[Dict[str, Any]]:
        if name == "title":
            return [{**_line(name, "Title"), "default": cut(self._value(name), 150)}]
        if name == "details":
            default = cut(self._value(name), MAX_TEXT_CHARACTERS)
            made = {**_line(name, "Details", optional=True), "type": "textarea"}
            made["max_length"] = MAX_TEXT_CHARACTERS
            return [{**made, "default": default} if default else made]
        if name == "urgency":
            return [self._set(_options(name, "Urgency", ("high", "low"), optional=True))]
        if name == "room":
            return [
                {
                    "display_name": "Room",
                    "name": name,
                    "type": "bool",
                    "placeholder": "Open a channel of its own",
                    "optional": True,
                    "default": self._value(name),
                }
            ]
        if name == "assign":
            return self._somebody(name, "Assign to", several=True)
        return self.chosen(name, name.capitalize(), optional=name != "service")

    def chosen(
        self, name: str, label: str, *, of: str = "", optional: bool = False
    ) -> List[Dict[str, Any]]:
        """Something that has a name; a line to type it where nothing is known."""
        known = self._lists.get(of or name, NameList())
        if not known.names:
            return [self._filled(_line(name, label, optional=optional))]
        is_short = known.is_whole and len(known.names) <= MAX_OPTIONS
        # Which playbooks somebody may start is known beforehand: it is never asked for by letter.
        if is_short or not self._can.lookups or name == PLAYBOOK:
            options = _options(name, label, known.names, optional=optional or not is_short)
            made = self._set(options)
            if is_short:
                return [made]
            other = _beside(name, f"Another {label.lower()}", one_needed=not optional)
            return [made, other if "default" in made else self._filled(other)]
        return [self._asked(name, label, optional=optional)]

    def people(self, kind: str) -> List[Dict[str, Any]]:
        """Several; to whom something is given may be an escalation policy, too."""
        label, policy = ("To", ", or an escalation policy") if kind == "reassign" else ("Whom", "")
        if self._can.lookups:
            made = self._asked("user", label, several=True)
            return [{**made, "help_text": f"One person or several{policy}."}]
        (chosen, *_) = self._somebody("user", "Person", several=True)
        named = f"@names, addresses or names, with commas between{policy}."
        others = _beside("user", "Others", one_needed=True)
        return [chosen, {**others, "help_text": f"{named} {ONE_NEEDED}"}]

    def person(self) -> List[Dict[str, Any]]:
        made, *typed = self._somebody("person", "Who takes it", several=False)
        return [{**made, "help_text": "Left empty: you."}, *typed]

    def level(self) -> Dict[str, Any]:
        if self._can.lookups:
            made = self._asked("text", "To", optional=True)
            made["help_text"] = "A level or another escalation policy; left empty: the next level."
            return {**made, "placeholder": "the next level"}
        return {
            **_line("text", "To", optional=True),
            "placeholder": "the next level",
            "help_text": "A level (2) or another escalation policy; left empty: the next level.",
        }

    def until(self) -> Dict[str, Any]:
        """Until when something is snoozed."""
        if self._can.pickers:
            return self._moment("until", "Until", 3600.0, longest_days=7)
        return {
            **_line("until", "Until"),
            "placeholder": "18:00",
            "help_text": "2h, 18:00, tomorrow 9:00 or Monday 9:00; a week at most.",
        }

    def span(self) -> List[Dict[str, Any]]:
        """From when until when."""
        if self._can.pickers:
            return [
                self._moment("from", "From", 0.0),
                self._moment("until", "Until", 4 * 3600.0),
            ]
        return [
            {**_line("from", "From", optional=True), "placeholder": "now"},
            {
                **_line("until", "Until"),
                "placeholder": "18:00",
                "help_text": "18:00, tomorrow 9:00 or Monday 9:00; or for how long: 2h.",
            },
        ]

    def _value(self, name: str) -> str:
        return self._given.get(name, "")

    def _set(self, made: Dict[str, Any]) -> Dict[str, Any]:
        """A list with what is given chosen, where it offers that."""
        present = self._value(made["name"]).casefold()
        values = [one["value"] for one in made["options"] if one["value"].casefold() == present]
        return {**made, "default": values[0]} if values else made

    def _filled(self, made: Dict[str, Any]) -> Dict[str, Any]:
        """A line with what is given typed into it."""
        name = made["name"]
        if has_other(name):
            name = name[: -len(OTHER)]
        present = cut(self._value(name), MAX_LINE_CHARACTERS)
        return {**made, "default": present} if present else made

    def _somebody(self, name: str, label: str, *, several: bool) -> List[Dict[str, Any]]:
        """PagerDuty's people, with a line for one who is not in the list; Mattermost's users,
        bots among them, only where PagerDuty's are not known."""
        if self._can.lookups:
            return [self._asked(name, label, several=several, optional=True)]
        known = self._lists.get(PEOPLE, NameList())
        if known.names:
            made, typed = _options(name, label, known.names, known.shown, optional=True), []
            if not known.is_whole or len(known.names) > MAX_OPTIONS:
                typed = [self._filled(_beside(name, "Somebody else"))]
        else:
            made, typed = {**_list(name, label, optional=True), "data_source": "users"}, []
        return [{**made, "multiselect": True} if several and self._can.pickers else made, *typed]

    def _asked(
        self, name: str, label: str, *, several: bool = False, optional: bool = False
    ) -> Dict[str, Any]:
        made = {
            **_list(name, label, optional=optional),
            "data_source": "dynamic",
            "data_source_url": self._url,
        }
        return {**made, "multiselect": True} if several else made

    def _moment(
        self, name: str, label: str, ahead: float, longest_days: int = 0
    ) -> Dict[str, Any]:
        """Shown in the reader's zone. `ahead`: seconds from now that it proposes, rounded up."""
        step = STEP_MINUTES * 60
        at = math.ceil((self._now + ahead) / step) * step if ahead else self._now // 60 * 60
        made = {
            "display_name": label,
            "name": name,
            "type": "datetime",
            "default": times.iso(float(at)),
            "min_date": "today",
            "time_interval": STEP_MINUTES,
            "datetime_config": {
                "time_interval": STEP_MINUTES,
                "allow_manual_time_entry": True,
            },
        }
        return {**made, "max_date": f"+{longest_days}d"} if longest_days else made


def has_other(name: str) -> bool:
    """Whether it is a field in which is typed what a list does not offer."""
    return name.endswith(OTHER) and name != OTHER


def _list(name: str, label: str, *, optional: bool) -> Dict[str, Any]:
    return {"display_name": label, "name": name, "type": "select", "optional": optional}


def _line(name: str, label: str, *, optional: bool = False) -> Dict[str, Any]:
    return {
        "display_name": label,
        "name": name,
        "type": "text",
        "max_length": MAX_LINE_CHARACTERS,
        "optional": optional,
    }


def _beside(name: str, label: str, *, one_needed: bool = False) -> Dict[str, Any]:
    """In which is typed what the list above does not offer. `one_needed`: whether nothing may be
    left out in both, although Mattermost says (optional) of each."""
    help_text = f"{NOT_IN_LIST} {ONE_NEEDED}" if one_needed else NOT_IN_LIST
    return {**_line(f"{name}{OTHER}", label[:24], optional=True), "help_text": help_text}


def _options(
    name: str, label: str, known: Sequence[str], shown: Sequence[str] = (), *, optional: bool
) -> Dict[str, Any]:
    """`shown`: what people see in place of each."""
    rows = list(zip(known, shown or known))[:MAX_OPTIONS]
    options = [{**named(clean(text))._asdict(), "value": clean(one)} for one, text in rows]
    return {**_list(name, label, optional=optional), "options": options}
