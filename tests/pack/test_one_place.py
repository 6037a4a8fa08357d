"""What has to be written in two places, since one of them may not know the other, is the same in
both."""

from __future__ import annotations

from pagerduty_mattermost.cards import post_rules
from pagerduty_mattermost.chat import verb
from pagerduty_mattermost.core import markdown, typed_actions
from pagerduty_mattermost.gateways.pagerduty import incident_checks
from pagerduty_mattermost.incidents import incident
from standalone import own_line, plain_text, rule_check


def test_the_embedded_default_starts_without_the_library_and_agrees_with_it() -> None:
    assert own_line.VARIABLE == typed_actions.VARIABLE
    assert plain_text._LINK.pattern == markdown._LINK.pattern
    assert rule_check.INCIDENT_TRIGGER == post_rules.INCIDENT_TRIGGER
    assert rule_check.POST_ACTION == post_rules.POST_ACTION


def test_which_incidents_are_open_is_said_alike_by_gateway_incident_and_command() -> None:
    assert incident_checks.OPEN_STATUSES == incident.OPEN_STATUSES == verb.OPEN_STATES
