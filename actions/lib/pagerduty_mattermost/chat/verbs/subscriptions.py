"""Subscribe a channel from chat, see what it is subscribed to, and end it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

from pagerduty_mattermost.cards import subscriptions
from pagerduty_mattermost.chat.acting_user import find_sender
from pagerduty_mattermost.chat.command import Command, CommandResult, HalfDone
from pagerduty_mattermost.chat.forms import Form, one_word, to_end, words
from pagerduty_mattermost.chat.verb import CHANNEL, CHAT, Verb
from pagerduty_mattermost.chat.verbs.changes import checked_urgency
from pagerduty_mattermost.core.errors import PackError, RejectedInput, Unauthorized
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.gateways.mattermost.values import id_in
from pagerduty_mattermost.gateways.pagerduty.references import resolve

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def subscribe(context: Context, command: Command) -> CommandResult:
    channel = _channel(command)
    email = find_sender(context, command.user, command.from_email)
    options = dict(command.options)
    if command.service and options.setdefault("service", command.service) != command.service:
        raise RejectedInput(
            f"which service, {command.service[:60]!r} or {options['service'][:60]!r}?"
        )
    made = subscriptions.Subscription(
        channel,
        by=id_in(command.user) or command.user,
        at=context.clock(),
        events=subscriptions.events_of(options.get("events", "")),
    )
    if options.get("urgency"):
        made = made._replace(urgency=checked_urgency(options["urgency"], "--urgency"))
    if options.get("service"):
        service = resolve(context.pagerduty, "service", options["service"])
        made = made._replace(service_id=service.id, service=service.name)
    if options.get("team"):
        team = resolve(context.pagerduty, "team", options["team"])
        made = made._replace(team_id=team.id, team=team.name)
    if "," in options.get("priority", ""):
        raise RejectedInput("a subscription has one --priority: subscribe once for each")
    if options.get("priority"):
        made = made._replace(
            priority=resolve(context.pagerduty, "priority", options["priority"]).name
        )
    present = subscriptions.of_channel(context.store, channel, context.log)
    if made.key in [one.key for one in present]:
        return CommandResult(
            f"This channel is subscribed to {made.describe()} already.", (), email
        )
    if len(present) >= subscriptions.MAX_IN_CHANNEL:
        raise RejectedInput(
            f"a channel has at most {subscriptions.MAX_IN_CHANNEL} subscriptions: "
            "`/pd unsubscribe` from some"
        )
    try:
        context.mattermost.join(channel)
    except Unauthorized:
        bot = context.mattermost.me().username
        raise RejectedInput(
            f"the bot may not join this channel by itself: /invite {bot} here first"
        ) from None
    subscriptions.save(context.store, made)
    return CommandResult(
        f"This channel is subscribed to {made.describe()}: each gets a card here.", (), email
    )


def listed(context: Context, command: Command) -> CommandResult:
    present = subscriptions.of_channel(context.store, _channel(command), context.log)
    if not present:
        return CommandResult(
            "This channel has no subscription of its own (rules may post here): `/pd "
            "subscribe` makes one."
        )
    lines = [f"{number}. {one.describe()}" for number, one in enumerate(present, 1)]
    return CommandResult("This channel is subscribed to\n" + "\n".join(lines))


def unsubscribe(context: Context, command: Command) -> CommandResult:
    channel = _channel(command)
    email = find_sender(context, command.user, command.from_email)
    present = subscriptions.of_channel(context.store, channel, context.log)
    if not present:
        return CommandResult("This channel has no subscription of its own.", (), email)
    word = command.text.strip().lower().lstrip("#")
    if word == "all":
        ended = present
    elif word.isdecimal() and 1 <= int(word) <= len(present):
        ended = [present[int(word) - 1]]
    elif not word and len(present) == 1:
        ended = present
    else:
        listing = "; ".join(f"{number}: {one.describe()}" for number, one in enumerate(present, 1))
        raise RejectedInput(f"which one? Say its number, or all: {one_line(listing, 1000)}")
    for number, one in enumerate(ended):
        try:
            context.store.delete(one.key)
        except PackError as error:
            if not number:
                raise
            line = (
                f"Ended: {_listed(ended[:number])}. Not ended: {_listed(ended[number:])}. "
                f"{error.in_chat}"
            )
            raise HalfDone(line, CommandResult(line, (), email), error) from None
    told = _listed(ended)
    return CommandResult(
        f"No longer subscribed to {told}. Cards that are here are kept up to date.", (), email
    )


def _listed(found: Sequence[subscriptions.Subscription]) -> str:
    return ", ".join(one.describe() for one in found)


def _channel(command: Command) -> str:
    if not command.channel:
        raise RejectedInput("which channel is not known here: type it as /pd in the channel")
    return command.channel


_WOULD = "It would change what this channel is subscribed to."
VERBS = (
    Verb(
        name="subscribe",
        run=subscribe,
        usage="subscribe",
        to_do="subscribe channels",
        example='subscribe --service "Checkout API" --urgency high',
        help="cards of incidents in this channel, of all or as the options say",
        forms=(Form(("subscribe", "subscribe to"), words("service", required=False)),),
        group=CHANNEL,
        options=("service", "team", "urgency", "priority", "events"),
        changes=CHAT,
        dry_run=_WOULD,
    ),
    Verb(
        name="subscriptions",
        run=listed,
        usage="subscriptions",
        to_do="list subscriptions",
        example="subscriptions",
        help="what this channel is subscribed to",
        forms=(Form(("subscriptions", "subscription")),),
        group=CHANNEL,
    ),
    Verb(
        name="unsubscribe",
        run=unsubscribe,
        usage="unsubscribe [number | all]",
        example="unsubscribe 2",
        help="end a subscription of this channel",
        forms=(
            Form(
                ("unsubscribe", *to_end("subscription", "subscriptions")),
                one_word("text", required=False),
            ),
        ),
        to_do="unsubscribe channels",
        group=CHANNEL,
        changes=CHAT,
        dry_run=_WOULD,
    ),
)
