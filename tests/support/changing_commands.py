"""The commands of `command_rows.py` that change something at PagerDuty, and what has to be there
before one of them is said."""

# flake8: noqa: W503

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, List, NamedTuple

from chat_case import ChatCase
from command_rows import ROWS
from typed_effects import TEST_SERVICE, Row, overridden_id

from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.verb import PAGERDUTY
from pagerduty_mattermost.chat.verbs.registry import TABLE

ASKED = ("swap <schedule> <when>",)
"""Changes something at PagerDuty when somebody else answers it: tests/chat/test_swaps.py."""
CHANGING = tuple(
    row
    for row in ROWS
    if not row.dialog
    and row.usage not in ASKED
    and any(verb.usage == row.usage and verb.changes == PAGERDUTY for verb in TABLE.verbs)
)
BEFORE = (
    ("{window}", "maintenance Kubernetes for 1h"),
    ("{override}", "override Platform rotation from tomorrow 9:00 for 2h by @mei"),
)
"""What a phrase names, and the command that makes it."""


class Staged(NamedTuple):
    room: Any
    incidents: List[Any]
    """The first one is what the command is about."""
    typed: str


def staged(case: ChatCase, row: Row) -> Staged:
    """Two incidents in the row's state, what its phrase names, and the phrase as it is typed."""
    case.settings["rooms"] = {"test_service": TEST_SERVICE}
    case.settings["chat"] = {**case.settings.get("chat", {}), "allowed": {"test": ["@ada"]}}
    room = SimpleNamespace(
        pagerduty=case.account,
        mattermost=case.sandbox.mattermost.account,
        say=lambda line: case.perform(parse(line).command),
    )
    made = [case.account.trigger("Checkout API", f"{row.usage[:20]} {n}") for n in range(2)]
    if row.status == "acknowledged":
        case.account.acknowledge(made[0])
    if row.status == "resolved":
        case.account.resolve(made[0])
    row.prepare(room, made[0])
    for place, said in BEFORE:
        if place in row.phrase:
            case.perform(parse(said).command)
    typed = row.phrase.format(
        one=made[0].number,
        two=made[1].number,
        id=made[0].id,
        window="".join(case.account.catalog["maintenance_windows"]),
        override=overridden_id(room),
    )
    return Staged(room, made, typed)
