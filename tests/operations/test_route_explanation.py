"""What becomes of a rule by what stands in the channels; without I/O."""

from __future__ import annotations

from pagerduty_mattermost.operations.route_explanation import (
    ExplainedCard,
    RuleOutcome,
    by_hand,
    outcome_in_channel,
    outcome_without_post,
)
from pagerduty_mattermost.operations.route_verdicts import (
    CRITERIA,
    DISABLED,
    POSTS,
    START_ON,
    RuleVerdict,
)

MINE = ExplainedCard("c1", "~incidents", "critical", "https://chat/pl/1")
HELD = MINE._replace(state="silenced by quiet hours", held=True)
OTHERS = ExplainedCard("c1", "~incidents", "other", "https://chat/pl/2")


def verdict(outcome: str, route: str = "critical") -> RuleVerdict:
    return RuleVerdict("pagerduty.rule", outcome, "~incidents", route, "because")


def test_a_disabled_rule_has_nothing_to_say() -> None:
    assert outcome_without_post(verdict(DISABLED), [MINE]) == RuleOutcome((), "")


def test_a_rule_that_would_not_post_names_the_card_it_posted_before() -> None:
    assert outcome_without_post(verdict(CRITERIA), []).line == "because"
    assert outcome_without_post(verdict(START_ON), []).line == "matches, but because"
    found = outcome_without_post(verdict(CRITERIA), [MINE, OTHERS])
    assert (found.mine, found.word) == ((MINE,), "card")
    assert found.line.startswith(f"{MINE.state} (it would start none")


def test_a_rule_that_posts_has_its_card_or_finds_anothers_or_none() -> None:
    posts = verdict(POSTS)
    assert outcome_in_channel(posts, "c1", "PI", [MINE], False) == RuleOutcome((MINE,), MINE.state)
    assert outcome_in_channel(posts, "c1", "PI", [HELD], False).word == "held"
    found = outcome_in_channel(posts, "c1", "PI", [OTHERS], False)
    assert (found.mine, "is of the route other" in found.line) == ((), True)
    assert by_hand("PI", "c1") in outcome_in_channel(posts, "c1", "PI", [], False).line
    assert outcome_in_channel(posts, "c1", "PI", [], True).line == "matches"


def test_a_route_without_a_name_claims_no_card() -> None:
    unnamed = MINE._replace(route="")
    found = outcome_in_channel(verdict(POSTS, route=""), "c1", "PI", [unnamed], False)
    assert (found.mine, "no named route" in found.line) == ((), True)
