"""Who types phrases to a chat bot is told of phrases, not of `/pd`."""

from __future__ import annotations

import pytest

from pagerduty_mattermost.chat.bot_words import _phrases, in_bots_words, phrase_of
from pagerduty_mattermost.chat.verbs.registry import TABLE


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("`/pd override cancel PX1` ends it", "`cancel override PX1` ends it"),
        ("`/pd ack 1234` takes it", "`ack incident id 1234` takes it"),
        ("say `/pd escalate 12 to level 2`.", "say `escalate incident 12 to level 2`."),
        ("`/pd services` lists them", "`list services` lists them"),
        ("`/pd maintenance end PW1` and `/pd whoami`", "`end maintenance PW1` and `who am i`"),
        (
            "`/pd reassign 12 @ada`",
            "`reassign incident <id or number> to <@name, e-mail or name>`",
        ),
        ("`/pd subscribe` has no phrase", "`/pd subscribe` has no phrase"),
        ("no command: `x` /pd list", "no command: `x` /pd list"),
        ("`half /pd list", "`half /pd list"),
        ("nothing of it", "nothing of it"),
        ("`/pd `", "`/pd `"),
    ],
)
def test_a_command_is_told_as_the_phrase_for_it(said: str, told: str) -> None:
    assert in_bots_words(said) == told


def test_each_phrase_is_of_a_verb_that_there_is() -> None:
    verbs = {verb.name for verb in TABLE.verbs} | {"help"}
    assert set(_phrases()) <= verbs


def test_what_is_no_command_has_no_phrase() -> None:
    for typed in ("", "   ", "dance", "override"):
        assert phrase_of(typed, {"override_cancel": "cancel override <id>"}) == ""
