"""What people are answered who try a command for the first time: what there is to choose from,
which forms a command has, and that nothing came of it where nothing did."""

from __future__ import annotations

from typing import List

import pytest
from chat_case import ChatCase

from pagerduty_mattermost.chat import which_incident
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.core.errors import RejectedInput


@pytest.mark.parametrize(
    ("line", "forms"),
    [
        ("timeline 4 pdf", ["timeline [id] md|html|csv|json|png", "timeline [id]"]),
        ("timeline 4 as pdf", ["timeline [id] md|html|csv|json|png", "timeline [id]"]),
        ("notes 4 please", ["notes [id]"]),
    ],
)
def test_all_forms_of_a_command_are_named(line: str, forms: List[str]) -> None:
    problem = parse(line).problem
    assert problem.endswith("type " + " or ".join(f"`/pd {form}`" for form in forms))


class TestFirstAnswers(ChatCase):
    __test__ = True

    def asked(self, said: Command) -> str:
        action = self.get_action_instance(config=dict(self.settings))
        action.action_service = self.service
        action.sleep = lambda _: None
        with pytest.raises(RejectedInput) as raised:
            which_incident.complete(action.context, said._replace(user="ada"), "")
        return str(raised.value)

    def test_who_has_none_is_shown_what_is_open(self) -> None:
        ask = Command("acknowledge")
        nothing = "which incident? None is open: give its id (PT4KHLK) or its number (1234)"
        assert self.asked(ask) == nothing
        first = self.account.trigger("Kubernetes", "Node pool full")
        second = self.account.trigger("Database", "Replica lags")
        for one in (first, second):
            assert "Ada Lovelace" not in [person["name"] for person in self.people(one)]
        line = self.asked(ask)
        assert line.startswith("which incident? None of the open ones is assigned to you: #")
        assert f"#{first.number} Node pool full" in line
        assert f"#{second.number} Replica lags" in line
        assert line.endswith(f"; say `/pd ack {second.number}`")
        assert "`/pd list` shows all" not in line
        for number in range(which_incident.LISTED_INCIDENTS):
            self.account.trigger("Database", f"Replica {number} lags")
        assert ", …; `/pd list` shows all; say `/pd ack " in self.asked(ask)

    def people(self, incident: object) -> List[dict]:
        row = self.get_action_instance(config=dict(self.settings)).context.pagerduty.get(
            f"/incidents/{incident.id}"  # type: ignore[attr-defined]
        )["incident"]
        return [{"name": each["assignee"]["summary"]} for each in row["assignments"]]

    def test_an_escalation_to_whom_it_is_with_says_so(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        said = self.perform(Command("escalate", str(one.number), "level 1")).message
        assert "stays with Ada Lovelace, who is on level 1: nobody new is paged." in said
        assert f"`/pd escalate {one.number}` goes to the next level." in said
        assert "Escalated" not in said
        assert "Escalated" in self.told("escalate", incidents=str(one.number))
        policy = self.told("escalate", incidents=str(one.number), text="Payments escalation")
        assert "to Payments escalation: Ada Lovelace." in policy
        again = self.told("escalate", incidents=str(one.number), text="Payments escalation")
        assert "is under Payments escalation now and stays with Ada Lovelace" in again
