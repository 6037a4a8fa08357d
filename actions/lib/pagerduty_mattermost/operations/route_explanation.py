"""Why an incident has a card in a channel or has none, for people (`route.explain`): the filter,
rule or subscription that posted it or kept it back.

    explanation(context, rules, "PT4KHLK")    # the action's result
    by_hand("PT4KHLK", "incidents")           # the command that posts the card
"""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Sequence,
    Tuple,
)

from pagerduty_mattermost.cards import held_cards, posting, subscriptions
from pagerduty_mattermost.cards.card import headline
from pagerduty_mattermost.cards.creation import FRESH_SECONDS
from pagerduty_mattermost.cards.incident_memory import CardRecord
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RejectedInput
from pagerduty_mattermost.core.text import inert
from pagerduty_mattermost.core.typed_actions import run_line
from pagerduty_mattermost.gateways.mattermost.post_once import link
from pagerduty_mattermost.incidents.incident import Incident, IncidentEvent
from pagerduty_mattermost.operations.route_verdicts import (
    DISABLED,
    POSTS,
    START_ON,
    FilterResult,
    RuleVerdict,
    filters,
    verdicts,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


class ExplainedCard(NamedTuple):
    """One card of the incident."""

    channel_id: str
    channel: str
    """In people's words."""
    route: str
    state: str
    """Its address, or what became of it."""
    held: bool = False
    """It is not there yet: quiet hours hold it back."""


class RuleOutcome(NamedTuple):
    """What a rule has made."""

    mine: Tuple[ExplainedCard, ...]
    """Cards whose route is the rule's."""
    line: str

    @property
    def word(self) -> str:
        """card, held, or empty when the rule has made none."""
        if not self.mine:
            return ""
        return "held" if all(card.held for card in self.mine) else "card"


class SubscriptionVerdict(NamedTuple):
    """One subscription of a channel, made in chat."""

    channel: str
    asks: str
    """In people's words."""
    why_not: str
    """Empty when the incident fits."""


def explanation(
    context: Context,
    rules: Callable[[], Iterable[Any]],
    incident_id: str,
    source: str = "",
) -> Dict[str, Any]:
    """The result of `route.explain`. `rules`: all of StackStorm's; `source`: where they come from,
    for people. Raises RejectedInput without an id, and the gateways' errors."""
    if not incident_id.strip():
        raise RejectedInput("Give the incident's id, such as PT4KHLK")
    change = posting.change_of(context, None, incident_id)
    incident = change.incident
    remembered = IncidentRecords(context.store, incident.id, context.log).load()
    # A change without events was asked for by hand: no rule saw it.
    changes = [state.change for state in remembered.states if state.change.events]
    assumed = not changes
    if assumed:
        changes = [change._replace(events=(IncidentEvent("explain", "incident.triggered"),))]
    settings = filters(context.settings.watch, incident)
    found = verdicts(rules(), changes)
    cards = [_card(context, incident.id, record) for record in remembered.cards.values()]
    cards += _held(context, incident.id, remembered.cards)
    outcomes = [_outcome(context, one, incident, cards, assumed) for one in found]
    subscribed = [
        _subscription(context, one, incident)
        for one in subscriptions.every(context.store, context.log)
    ]
    message = sentences(incident, settings, found, outcomes, cards, assumed, subscribed)
    canary = context.settings.canary
    if canary.owns(incident.service_id, incident.service):
        message += (
            f"\n- it is the canary's: its card comes in {inert(canary.channel)} alone, whatever "
            "rules and subscriptions say"
        )
    if context.settings.rooms.is_test(incident.service_id, incident.service):
        message += (
            "\n- it is a test or a drill: its card comes in its room alone, whatever rules and "
            "subscriptions say"
        )
    if source:
        message += f"\n- judged by {inert(source)}"
    return {
        "incident_id": incident.id,
        "message": message,
        "reported": not assumed,
        "filters": {one.setting: one.passed for one in settings},
        "rules": {one.rule: mine.word or one.outcome for one, mine in zip(found, outcomes)},
        "subscriptions": [one._asdict() for one in subscribed],
        "cards": [
            {"channel": card.channel, "route": card.route, "card": card.state} for card in cards
        ],
    }


def by_hand(incident_id: str, channel: str) -> str:
    """How to post an incident's card without a rule."""
    line = run_line(
        "mattermost.post_incident", incident_id=incident_id, channel=channel.lstrip("~")
    )
    return f"`{line}`"


def _typed_channel(context: Context, record: Any) -> str:
    """The channel of a card's record as people type it; its id where no name leads to it."""
    try:
        if record.label and context.channels.look_up(record.label).id == record.channel_id:
            return str(record.label)
    except PackError as error:
        context.log.info("No name is known of %s: %s", record.channel_id, error)
    return str(record.channel_id)


def sentences(
    incident: Incident,
    settings: Sequence[FilterResult],
    verdicts: Sequence[RuleVerdict],
    outcomes: Sequence[RuleOutcome],
    cards: Sequence[ExplainedCard],
    assumed: bool,
    subscribed: Sequence[SubscriptionVerdict] = (),
) -> str:
    """All of it for people; `outcomes` are in the order of `verdicts`, `assumed`: no change was
    remembered to judge by."""
    failed = [one for one in settings if not one.passed]
    lines = [f"{inert(headline(incident, 80))} ({incident.id}), {incident.status}:"]
    lines += [f"- kept back by {one.setting}: {one.reason}" for one in failed]
    if not failed:
        lines.append("- passes the settings of the configuration")
    for verdict, result in zip(verdicts, outcomes):
        if result.line:
            where = f" → {verdict.channel}" if verdict.outcome in (POSTS, START_ON) else ""
            lines.append(f"- rule {verdict.rule}{where}: {result.line}")
    for one in subscribed:
        fits = f"does not fit, {inert(one.why_not)}" if one.why_not else "fits"
        lines.append(f"- {one.channel} is subscribed to {one.asks}: {fits}")
    disabled = [verdict.rule for verdict in verdicts if verdict.outcome == DISABLED]
    if disabled:
        lines.append(f"- disabled: {', '.join(disabled)}")
    if not any(verdict.outcome == POSTS for verdict in verdicts):
        lines.append("- no enabled rule posts it")
    credited = {card for result in outcomes for card in result.mine}
    for card in cards:
        if card not in credited:
            lines.append(
                f"- card in {card.channel} (route {card.route or 'unnamed'}): {card.state}"
            )
    if assumed:
        lines.append(
            "- nothing of it is remembered here: rules were judged as if it had just been "
            "triggered"
        )
    if not cards:
        lines.append(f"- to post it by hand: {by_hand(incident.id, ':default')}")
    return "\n".join(lines)


def _subscription(
    context: Context, one: subscriptions.Subscription, incident: Incident
) -> SubscriptionVerdict:
    try:
        channel = context.channels.look_up(one.channel_id).label
    except PackError as error:
        channel = str(error)
    return SubscriptionVerdict(channel, one.describe(), one.why_not(incident))


def _card(context: Context, incident_id: str, record: CardRecord) -> ExplainedCard:
    if record.gone:
        state = "deleted by a person"
    elif record.shelved:
        state = "in an archived channel: it goes on when the channel is back"
    elif record.post_id:
        state = link(context.mattermost.settings, record.post_id)
    elif abs(context.clock() - record.at) < FRESH_SECONDS:
        state = "about to be posted"
    else:
        state = (
            f"not posted yet: {by_hand(incident_id, _typed_channel(context, record))} does it now"
        )
    return ExplainedCard(
        record.channel_id, record.label or record.channel_id, record.route.name, state
    )


def _held(context: Context, incident_id: str, present: Mapping[str, Any]) -> List[ExplainedCard]:
    """Cards that quiet hours hold back, of channels without a card."""
    zone = times.zone(context.settings.time_zone)
    found = []
    for one in held_cards.every(context.store, context.log):
        if one.incident_id != incident_id or one.channel_id in present:
            continue
        state = "silenced by quiet hours and listed in their digest; the next change posts it"
        if one.why == held_cards.QUIET:
            until = times.stamp_at(one.until, zone)
            state = f"silenced by quiet hours until {until}; then their digest lists it"
        state += f", and {by_hand(incident_id, _typed_channel(context, one))} does it now"
        label = one.label or one.channel_id
        found.append(ExplainedCard(one.channel_id, label, one.route.name, state, held=True))
    return found


def _outcome(
    context: Context,
    verdict: RuleVerdict,
    incident: Incident,
    cards: Sequence[ExplainedCard],
    assumed: bool,
) -> RuleOutcome:
    if verdict.outcome != POSTS:
        return outcome_without_post(verdict, cards)
    try:
        service = (incident.service_id, incident.service)
        channel_id = context.channels.look_up(verdict.channel, service).id
    except PackError as error:
        return RuleOutcome((), f"matches, but: {error}")
    return outcome_in_channel(verdict, channel_id, incident.id, cards, assumed)


def outcome_without_post(verdict: RuleVerdict, cards: Sequence[ExplainedCard]) -> RuleOutcome:
    """What became of a rule that would not post now."""
    if verdict.outcome == DISABLED:
        return RuleOutcome((), "")
    mine = _cards_of(verdict, cards)
    if mine:
        line = f"{_states(mine)} (it would start none by what is remembered: {verdict.reason})"
        return RuleOutcome(mine, line)
    but = "matches, but " if verdict.outcome == START_ON else ""
    return RuleOutcome((), but + verdict.reason)


def outcome_in_channel(
    verdict: RuleVerdict,
    channel_id: str,
    incident_id: str,
    cards: Sequence[ExplainedCard],
    assumed: bool,
) -> RuleOutcome:
    """What became of a rule that posts into that channel."""
    mine = _cards_of(verdict, cards)
    there = next((card for card in cards if card.channel_id == channel_id), None)
    if there in mine:
        return RuleOutcome(mine, _states(mine))
    if there is not None:
        whose = f"the route {there.route}" if there.route else "no named route"
        return RuleOutcome((), f"matches; the channel's one card of the incident is of {whose}")
    if assumed:
        return RuleOutcome((), "matches")
    line = f"matches, no card is there: {by_hand(incident_id, channel_id)} posts it"
    return RuleOutcome((), line)


def _cards_of(verdict: RuleVerdict, cards: Sequence[ExplainedCard]) -> Tuple[ExplainedCard, ...]:
    return tuple(card for card in cards if verdict.route and card.route == verdict.route)


def _states(cards: Sequence[ExplainedCard]) -> str:
    return "; ".join(card.state for card in cards)
