"""What could not be posted because a name was wrong: people are told which rule and which incident
it is, and once the name is right in the rule or the configuration it goes there, at once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Dict, List
from unittest import mock

import pytest
from deadletter_replay import DeadletterReplay
from incident_world import IncidentActionCase, happened
from mattermost_catch_up import CatchUp
from post_incident import PostIncident
from repaint_incident import RepaintIncident

from pagerduty_mattermost.action_bases.channel_notices import notice
from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.gateways.mattermost.channels import ChannelUnavailable
from pagerduty_mattermost.gateways.stackstorm import rules_api
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.executions_api import rule_of
from pagerduty_mattermost.operations import dead_letter_view, dead_letters
from pagerduty_mattermost.operations.dead_letters import BLOCKED, PERMANENT, DeadLetter
from pagerduty_mattermost.operations.rule_now import as_rule_says

POST = "pagerduty.mattermost.post_incident"
RULE = "my_company.checkout"


def rule(ref: str = RULE, *, enabled: bool = True, action: str = POST, **given: Any) -> Any:
    parameters = {"change": "{{ trigger }}", **given}
    return SimpleNamespace(
        ref=ref, enabled=enabled, action={"ref": action, "parameters": parameters}
    )


class CorrectedPostsTestCase(IncidentActionCase):
    __test__ = True
    action_cls = PostIncident

    def setUp(self) -> None:
        super().setUp()
        self.truth = self.account.trigger("Checkout API", "Disk full")
        now = self.incident(self.truth)
        self.payload = self.change(now, happened(1, "triggered", now.updated_at))
        self.rules: List[Any] = []
        patch = mock.patch.object(rules_api, "all_rules", side_effect=lambda service: self.rules)
        patch.start()
        self.addCleanup(patch.stop)

    def run_as(self, cls: Any, by: str = "", config: Any = None, **params: Any) -> Any:
        action = cls(config or self.settings(), self.action_service)
        action.sleep = self.chat.sleep
        action.monotonic = action.clock = self.chat.clock
        self.action_service.rule_ref = by
        succeeded, result = action.run(**params)
        assert succeeded, result
        return result

    def posting(self, **mattermost: Any) -> Dict[str, Any]:
        """The configuration with these settings of Mattermost's."""
        raw = self.settings()
        return {**raw, "mattermost": {**raw["mattermost"], **mattermost}}

    def fails(self, channel: str = "incidnets", **more: Any) -> DeadLetter:
        more = {"by": RULE, "mention": "nobody", **more}
        result = self.run_as(PostIncident, change=self.payload, channel=channel, **more)
        assert result["done"] == "kept", result
        (one,) = self.kept()
        return one

    def kept(self) -> List[DeadLetter]:
        return dead_letters.load_all(Store(self.action_service), None)

    def caught_up(self, config: Any = None) -> Dict[str, Any]:
        return self.run_as(CatchUp, config=config)  # type: ignore[no-any-return]

    def cards(self, channel: str = "incidents") -> int:
        return len(self.chat.messages(channel))

    def test_the_notice_names_incident_rule_and_what_to_correct(self) -> None:
        one = self.fails()
        assert one.rule == RULE
        (told,) = self.chat.messages("ops")
        link = f"[#{self.truth.number} Disk full]({self.payload['incident']['url']})"
        assert told.startswith(
            f":warning: {link} can't be posted as the rule `{RULE}` says: Mattermost shows the "
            "bot no channel ~incidnets in the team ops: it is misspelt, or it is private; "
        )
        assert told.endswith(
            f"Or correct its channel in the rule `{RULE}`: what waits is posted then by itself."
        )

    def test_of_a_channel_in_the_configuration_the_setting_is_named(self) -> None:
        self.fails(":default", config=self.posting(default_channel="incidnets"))
        (told,) = [one for one in self.chat.messages("ops") if "incidnets" in one]
        assert "Or correct `mattermost.default_channel`: what waits is posted" in told

    def test_a_rule_that_names_no_channel_is_not_to_blame(self) -> None:
        error = ChannelUnavailable("The channel ~gone is archived", "gone")
        about, text = notice(error, "", {"change": self.payload})
        assert about == "channel:gone"
        assert text.startswith("[#")
        assert text.endswith("can't be posted: The channel ~gone is archived.")
        assert notice(error, "a.b", {})[1].startswith("The rule `a.b` can post nothing: ")

    def test_the_channel_that_the_rule_names_now_counts(self) -> None:
        self.fails()
        self.rules = [rule(channel="incidnets", mention="nobody")]
        assert self.caught_up()["caught_up"] == 0
        (later,) = self.kept()
        assert later.next_at > self.chat.clock()
        self.rules = [rule(channel="incidents", mention="nobody")]
        assert self.caught_up()["caught_up"] == 1, "at once, whatever was waited for"
        assert (self.cards(), self.kept()) == (1, [])

    def test_so_it_does_by_hand(self) -> None:
        one = self.fails()
        self.rules = [rule(channel="incidents", mention="nobody")]
        result = self.run_as(DeadletterReplay, ids=[one.id])
        assert result["message"] == "1 of 1 retried."
        assert self.cards() == 1

    def test_a_channel_corrected_in_the_configuration_is_tried_at_once(self) -> None:
        wrong = self.posting(default_channel="incidnets")
        self.fails(":default", config=wrong)
        self.rules = [rule(channel=":default", mention="nobody")]
        assert self.caught_up(wrong)["caught_up"] == 0
        assert self.caught_up(wrong)["caught_up"] == 0
        (waits,) = self.kept()
        assert waits.attempts == 2, "the second run was too early"
        assert self.caught_up(self.posting(default_channel="incidents"))["caught_up"] == 1
        assert self.cards() == 1

    def test_so_is_a_token(self) -> None:
        wrong = self.posting(token="x" * 26)
        self.fails(":default", config=wrong)
        self.rules = [rule(channel=":default", mention="nobody")]
        assert self.caught_up(wrong)["caught_up"] == 0
        assert self.caught_up()["caught_up"] == 1

    def test_what_no_rule_posts_any_more_waits_for_a_hand(self) -> None:
        one = self.fails()
        self.rules = [rule(enabled=False, channel="incidents")]
        result = self.caught_up()
        assert (result["caught_up"], result["waiting"], result["by_hand"]) == (0, 0, 1)
        (left,) = self.kept()
        assert left.kind == PERMANENT
        assert left.reason.startswith(f"The rule {RULE} is disabled, gone or runs something else")
        self.rules = []
        with self.assertRaisesRegex(AssertionError, "0 of 1 retried.*incidnets"):
            self.run_as(DeadletterReplay, ids=[one.id])

    def test_where_rules_can_not_be_read_it_goes_as_it_was(self) -> None:
        self.fails()
        with mock.patch.object(rules_api, "all_rules", side_effect=RetryLater("away")):
            assert self.caught_up()["caught_up"] == 0
        (left,) = self.kept()
        assert left.kind == BLOCKED

    def test_a_rule_that_names_no_channel_is_not_named(self) -> None:
        secret = self.chat.service.add_channel("secret", private=True, members=["pagerduty"])
        self.run_as(PostIncident, by=RULE, change=self.payload, channel="secret")
        self.chat.service.remove_member(secret, "pagerduty")
        now = self.incident(self.truth)
        later = self.change(now, happened(2, "acknowledged", now.updated_at))
        self.run_as(RepaintIncident, by="pagerduty.repaint_cards", change=later)
        (told,) = [one for one in self.chat.messages("ops") if "can't be posted" in one]
        assert f"#{self.truth.number} Disk full" in told
        assert "repaint_cards" not in told


LETTER = DeadLetter(
    "a" * 16,
    "post_incident",
    {"change": {"incident": {"number": 4, "title": "Checkout burns"}}, "channel": "incidnets"},
    BLOCKED,
    "why",
    0.0,
    0.0,
    1,
    0.0,
    rule=RULE,
)


def test_what_a_template_made_stays() -> None:
    made = rule(channel="{{ st2kv.system.room }}")
    assert as_rule_says(LETTER, made) is LETTER
    said = as_rule_says(LETTER, rule(channel="{{ st2kv.system.room }}", mention="oncall"))
    assert said is not None
    assert (said.params["channel"], said.params["mention"]) == ("incidnets", "oncall")
    assert as_rule_says(LETTER, rule(channel="{% if 1 %}a{% endif %}")) is LETTER


def test_a_channel_that_the_rule_names_no_more_is_the_default_one() -> None:
    said = as_rule_says(LETTER, rule())
    assert said is not None
    assert said.params["channel"] == ":default"


@pytest.mark.parametrize("other", [None, rule(action="core.local"), rule(enabled=False), object()])
def test_a_rule_that_runs_something_else_says_nothing(other: Any) -> None:
    assert as_rule_says(LETTER, other) is None


def test_each_row_says_what_it_is() -> None:
    def letter(action: str, **params: Any) -> DeadLetter:
        return LETTER._replace(action=action, params=params, rule="")

    typed = {"kind": "command", "text": "ack 2", "user_name": "grace"}
    clicked = {"kind": "dialog", "verb": "note", "text": "on it", "user_name": "mei"}
    said = {
        "card in ~incidnets (my_company.checkout)": LETTER,
        "/pd ack 2 by @grace": letter("chat_handle", order=typed),
        "note on it by @mei": letter("chat_handle", order=clicked),
        "message in :operations": letter("post_once", channel=":operations"),
        "card in town/red": letter("post_incident", channel="town/red"),
        "resolve 7 fixed": letter("chat_run", verb="resolve", incidents="7", text="fixed"),
        "cards brought up to date": letter("repaint_incident"),
    }
    assert {dead_letter_view.what(one): one for one in said.values()} == said
    assert dead_letter_view.about(LETTER) == "#4 Checkout burns"
    assert dead_letter_view.about(letter("post_once")._replace(incident="PX")) == "PX"


class Executions:
    def __init__(self, found: Any) -> None:
        self.found = found

    def get_by_id(self, id: str) -> Any:
        if isinstance(self.found, Exception):
            raise self.found
        return SimpleNamespace(rule=self.found)


@pytest.mark.parametrize(
    ("found", "ref"),
    [
        ({"ref": "my.rule", "name": "rule", "pack": "my"}, "my.rule"),
        ({"name": "rule", "pack": "my"}, "my.rule"),
        ({}, ""),
        (None, ""),
        (OSError("down"), ""),
    ],
)
def test_stackstorm_says_which_rule_ran_it(found: Any, ref: str) -> None:
    assert rule_of(SimpleNamespace(executions=Executions(found)), "65") == ref
    assert rule_of(SimpleNamespace(executions=Executions(found)), "") == ""
    assert rule_of(None, "65") == ""
