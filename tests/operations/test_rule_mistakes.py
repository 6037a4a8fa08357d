"""A parameter that somebody wrote wrong in a rule: the execution fails at once with the rule and
the parameter in one line, nothing is kept that could only fail again, the operations channel is
told once, and the card comes once the rule is right."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Dict, List, Tuple
from unittest import mock

from incident_world import IncidentActionCase, happened
from mattermost_post_once import PostOnce
from mattermost_tell_incident import TellIncident
from post_incident import PostIncident

from pagerduty_mattermost.gateways.stackstorm import rules_api
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.operations import dead_letters

POST = "pagerduty.mattermost.post_incident"


def rule(ref: str, action: str = POST, **parameters: Any) -> Any:
    given = {"change": "{{ trigger }}", **parameters}
    return SimpleNamespace(ref=ref, action={"ref": action, "parameters": given})


class RuleMistakesTestCase(IncidentActionCase):
    __test__ = True
    action_cls = PostIncident

    def setUp(self) -> None:
        super().setUp()
        truth = self.account.trigger("Checkout API", "Disk full")
        now = self.incident(truth)
        self.payload = self.change(now, happened(1, "triggered", now.updated_at))
        self.rules: List[Any] = []
        patch = mock.patch.object(rules_api, "all_rules", side_effect=lambda service: self.rules)
        patch.start()
        self.addCleanup(patch.stop)

    def run_by_rule(self, cls: Any, **params: Any) -> Tuple[bool, Any]:
        action = cls(self.settings(), self.action_service)
        action.sleep = self.chat.sleep
        action.monotonic = action.clock = self.chat.clock
        found: Tuple[bool, Any] = action.run(**params)
        return found

    def failing(self, cls: Any = PostIncident, **params: Any) -> str:
        given: Dict[str, Any] = {"change": self.payload, **params}
        if cls is PostOnce:
            del given["change"]
        succeeded, line = self.run_by_rule(cls, **given)
        assert not succeeded, line
        assert "\n" not in line
        return str(line)

    def kept(self) -> Any:
        return dead_letters.load_all(Store(self.action_service), None)

    def test_rule_and_parameter_are_named_and_nothing_is_kept(self) -> None:
        self.rules = [
            rule("mine.loud", mention="everybody"),
            rule("mine.other", mention="oncall"),
            rule("mine.elsewhere", "core.local", mention="everybody"),
        ]
        line = self.failing(channel="incidents", mention="everybody")
        assert line == (
            "The rule mine.loud: mention: 'everybody' is none of nobody, high_urgency, assignees, "
            "oncall"
        )
        assert self.kept() == []
        assert self.chat.messages("incidents") == []
        self.failing(channel="incidents", mention="everybody")
        (told,) = [one for one in self.chat.messages("ops") if "mine.loud" in one]
        assert "Correct the rule" in told
        assert self.run_by_rule(
            PostIncident, change=self.payload, channel="incidents", mention="oncall"
        )[0]

    def test_each_parameter_of_a_route(self) -> None:
        wrong: Dict[str, Any] = {
            "mention": "on-call",
            "start_on": ["trigered"],
            "reply_on": ["noted", "resolved"],
            "reactions": ["no emoji!"],
            "quiet": "22-7",
            "channel": "Incidents P1",
        }
        for parameter, value in wrong.items():
            self.rules = [rule(f"mine.{parameter}", **{parameter: value})]
            given = {"channel": "incidents", parameter: value}
            line = self.failing(**given)
            assert line.startswith(f"The rule mine.{parameter}: {parameter}: "), line
        assert ":incident" in self.failing(channel=":incident")
        assert "change: must be the payload" in self.failing(
            change={"no": "change"}, channel="incidents"
        )
        assert self.kept() == []

    def test_of_other_actions_of_rules(self) -> None:
        self.rules = [rule("mine.tell", "pagerduty.mattermost.tell_incident", to="everybody")]
        assert self.failing(TellIncident, to="everybody", message=None).startswith(
            "The rule mine.tell: to: an incident concerns"
        )
        assert self.failing(PostOnce, channel="ops", message="x", key=" ").startswith(
            "A rule that runs mattermost.post_once: key: "
        )
        assert self.kept() == []

    def test_where_stackstorm_does_not_list_its_rules_the_line_says_what_is_wrong(self) -> None:
        from pagerduty_mattermost.core.errors import RetryLater

        with mock.patch.object(rules_api, "all_rules", side_effect=RetryLater("away")):
            line = self.failing(channel="incidents", mention="everybody")
        assert line.startswith("A rule that runs mattermost.post_incident: mention: 'everybody'")

    def test_a_person_is_told_the_parameter_alone(self) -> None:
        succeeded, line = self.run_by_rule(
            PostIncident, change=None, incident_id="PX", channel="incidents", mention="everybody"
        )
        assert not succeeded
        assert line.startswith("mention: 'everybody' is none of")
        assert self.chat.messages("ops") == []
