"""`simulate`: what rules and settings would have made of PagerDuty's log."""

# flake8: noqa: E203

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Fields, Form, FormReader
from pagerduty_mattermost.chat.line import TypedLine
from pagerduty_mattermost.chat.verb import PACK, Verb
from pagerduty_mattermost.core.errors import PackError, RejectedInput

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

SIMULATE = "simulate"
"""The right that it needs: chat.allowed has to list it, with who may. It shows every channel, and
reads much."""
WITHIN_SECONDS = 45
"""Then it shows the part that it came to."""
UNDER_WAY = (
    "PagerDuty's log is being replayed; the answer comes within a minute. Of a long time it may "
    "be a part."
)
SINCE, ENABLE, DISABLE = "since", "enable", "disable"


def simulate(context: Context, command: Command) -> CommandResult:
    """A replay of the last days as it is, and beside it with what is said."""
    from pagerduty_mattermost.gateways.stackstorm.rules_api import all_rules
    from pagerduty_mattermost.simulation import by_hand

    if SIMULATE not in context.settings.chat.allowed:
        raise RejectedInput(
            "a replay needs a right of its own: chat.allowed of the configuration has to list "
            f"`{SIMULATE}`, with who may"
        )
    given: Dict[str, Any] = {
        SINCE: command.duration or "7d",
        ENABLE: [],
        DISABLE: [],
        "settings": [],
        "within": WITHIN_SECONDS,
    }
    for said in command.text.split():
        name, _, value = said.partition("=")
        found: List[str] = given[name] if name in (ENABLE, DISABLE) else given["settings"]
        found.append(value if name in (ENABLE, DISABLE) else said)

    def tell() -> None:
        if not command.hook:
            return
        try:
            context.mattermost.answer_command(command.hook, UNDER_WAY)
        except PackError as error:
            context.log.info("That a replay is under way could not be said: %s", error)

    result = by_hand.simulate(context, all_rules(context.stackstorm), given, tell)
    return CommandResult(str(result["message"]))


def _what() -> FormReader:
    """How long, and what is tried instead: `name=value` each."""

    def read(line: TypedLine) -> Fields:
        fields = {}
        words = line.typed().split()
        if words and words[0].lower().startswith(f"{SINCE}="):
            fields["duration"] = words.pop(0)[len(SINCE) + 1 :]
        elif words and "=" not in words[0]:
            fields["duration"] = words.pop(0)
            if not fields["duration"][:1].isdigit():
                return None
        if not all("=" in one[1:] for one in words):
            return None
        return {**fields, "text": " ".join(words)} if words else fields

    return FormReader(("duration", "text"), read)


VERBS = (
    Verb(
        name=SIMULATE,
        run=simulate,
        usage="simulate [7d] [<setting>=<value>] [enable=<rule>] [disable=<rule>]",
        example="simulate 7d noise.storm_incidents=5",
        help="what would have been posted in the last days, as it is and with other settings",
        to_do="replay what happened",
        forms=(Form(("simulate", "what if", "route simulate", "simulate routes"), _what()),),
        group=PACK,
        is_detail=True,
        also_called=("replay", "whatif"),
    ),
)
