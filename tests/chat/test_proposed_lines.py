"""Who says no incident is shown a line that says one: typed as it stands it means the same."""

# flake8: noqa: E203

from __future__ import annotations

import pytest

from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.verb import MANY, ONE, Verb
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.chat.which_incident import _how_to_say
from pagerduty_mattermost.incidents.incident import Incident

NAME_NONE = {"merge"}
"""It takes two incidents, so that no line names the one."""
VERBS = [verb for verb in TABLE.verbs if verb.incidents in (ONE, MANY)]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_the_line_means_what_was_typed_with_the_incident(verb: Verb) -> None:
    command = parse(verb.example).command
    assert command is not None, verb.example
    said = _how_to_say(command._replace(incidents=""), Incident(id="PT4KHLK", number=4))
    if verb.name in NAME_NONE:
        assert said == "say it in the incident's room, or below its card"
        return
    begin, line, _ = said.split("`")
    assert begin == "say "
    assert parse(line[len("/pd ") :]).command == command._replace(incidents="4")
