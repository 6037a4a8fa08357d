"""What people say of themselves: who they are at PagerDuty, whether things are done in their name,
and whether they are told of their shifts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.acting_user import (
    DEFAULT_SENDER,
    account,
    identify_since,
    ways_out,
)
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Fields, Form, FormReader
from pagerduty_mattermost.chat.line import TypedLine
from pagerduty_mattermost.chat.pagerduty_roles import role_name
from pagerduty_mattermost.chat.verb import OWN_SETTINGS, YOU, Verb
from pagerduty_mattermost.core import markdown
from pagerduty_mattermost.core.errors import Ambiguous, NotFound, RejectedInput, reworded
from pagerduty_mattermost.core.text import escape

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def who_am_i(context: Context, command: Command) -> CommandResult:
    from pagerduty_mattermost.people import identity

    found = identify_since(context, command.user, context.clock())
    why = (
        "an admin linked you"
        if found.how == identity.LINK
        else "your e-mail address is the same on both sides"
    )
    role = f", role {escape(role_name(found.role))}" if found.role else ""
    return CommandResult(f"You are {markdown.cell(found.person.name)} at PagerDuty{role}: {why}.")


def connect(context: Context, command: Command) -> CommandResult:
    """Looks afresh for the PagerDuty user. What people say of themselves proves nothing, so
    there is nothing to type: the same address on both sides counts, or an admin's word."""
    from pagerduty_mattermost.people import identity

    identity.connect(context.mattermost, context.store, command.user)
    try:
        return who_am_i(context, command)
    except (NotFound, Ambiguous) as error:
        raise reworded(error, f"{error}. {ways_out(error, DEFAULT_SENDER)}") from None


def disconnect(context: Context, command: Command) -> CommandResult:
    from pagerduty_mattermost.people import identity

    identity.disconnect(context.mattermost, context.store, command.user)
    return CommandResult(
        "Disconnected: nothing is done in your name until you `/pd connect` again."
    )


def notify(context: Context, command: Command) -> CommandResult:
    """Whether the person is told of shifts in private: `text` is on, off, or empty to ask."""
    from pagerduty_mattermost.oncall.shift_messages import set_wants, wants

    user = account(context, command.user)
    asked = command.text.strip().lower()
    if asked not in ("", "on", "off"):
        raise RejectedInput("say notify on, notify off, or notify alone to see how it is set")
    if asked:
        set_wants(context.store, user.id, asked == "on")
    if wants(context.store, user.id):
        return CommandResult(
            "You get a direct message when your shifts begin and end, and before: `/pd "
            "notify off` ends that."
        )
    return CommandResult(
        "You get no direct messages about your shifts: `/pd notify on` changes that."
    )


def _on_or_off(line: TypedLine) -> Fields:
    return {"text": line.said()} if line.keys(2) in ((), ("on",), ("off",)) else None


_WOULD = "It would change whether anything is done in your name."
VERBS = (
    Verb(
        name="whoami",
        run=who_am_i,
        usage="whoami",
        to_do="ask who you are",
        example="whoami",
        help="who you are at PagerDuty",
        forms=(Form(("whoami", "who am i", "who ami")),),
        group=YOU,
    ),
    Verb(
        name="connect",
        run=connect,
        usage="connect",
        to_do="connect your account",
        example="connect",
        help="search again for the PagerDuty user with your e-mail address",
        forms=(Form(("connect",)),),
        group=YOU,
        changes=OWN_SETTINGS,
        dry_run=_WOULD,
    ),
    Verb(
        name="disconnect",
        run=disconnect,
        usage="disconnect",
        to_do="disconnect your account",
        example="disconnect",
        help="nothing is done in your name until you connect again",
        forms=(Form(("disconnect",)),),
        group=YOU,
        changes=OWN_SETTINGS,
        dry_run=_WOULD,
    ),
    Verb(
        name="notify",
        run=notify,
        usage="notify [on | off]",
        to_do="change your notifications",
        example="notify off",
        help="whether you get a direct message when your shifts begin and end, and before",
        forms=(
            Form(
                (
                    "notify",
                    "notify me",
                    *(
                        f"{notify} {about} {shifts}"
                        for notify in ("notify", "notify me")
                        for about in ("about", "of")
                        for shifts in ("shift", "shifts", "my shift", "my shifts")
                    ),
                ),
                FormReader(("text",), _on_or_off),
            ),
        ),
        group=YOU,
        changes=OWN_SETTINGS,
        dry_run="It would change whether you get direct messages about your shifts.",
    ),
)
