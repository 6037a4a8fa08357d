"""Cards as actions post them: the change they were given, what posts cards with all that it needs,
and everything that follows a change that the sensor saw."""

from __future__ import annotations

from typing import AbstractSet, Any, Dict, List, Mapping, Optional, Tuple

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.cards.incident_memory import CardRecord
from pagerduty_mattermost.cards.mentions import Mentions
from pagerduty_mattermost.cards.outcome import CREATED, FAILED, NOT_STARTED, CardOutcome
from pagerduty_mattermost.cards.publisher import CardPublisher
from pagerduty_mattermost.cards.quiet_hours import QuietHours
from pagerduty_mattermost.cards.route import CANARY, PRIVATE, Route
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import (
    PackError,
    RetryLater,
    WriteRefused,
    WrongParameter,
)
from pagerduty_mattermost.core.markdown import copyable_link
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.mattermost.post_once import link
from pagerduty_mattermost.incidents import alert_details, trigger_payload
from pagerduty_mattermost.incidents.incident import Change, Incident
from pagerduty_mattermost.incidents.trigger_payload import NOTHING_SAID, Along
from pagerduty_mattermost.people.display_names import names_met

UNRECORDED = (
    "A card in {} was posted by this bot, but the datastore here knows nothing of it. If the "
    "datastore was restored, reset or moved, all is well: the card goes on. Else a second "
    "installation of this pack uses the same bot (another data folder, or StackStorm beside the "
    "embedded default): cards stay single, but notices and messages come twice; stop one of them."
)


def change_of(
    context: Context, change: Optional[Mapping[str, Any]], incident_id: Optional[str]
) -> Change:
    """The trigger's payload, or the incident as PagerDuty has it now. Raises WrongParameter for
    neither."""
    if bool(change) == bool(incident_id):
        raise WrongParameter(
            "change", "give either it (in a rule: '{{ trigger }}') or incident_id"
        )
    if incident_id:
        return alert_details.fetch(context.pagerduty, incident_id.strip())
    return trigger_payload.change_of(change)


def make_mentions(context: Context) -> Mentions:
    """Who is mentioned; whom a run has met once it knows the name of."""
    return Mentions(
        context.mattermost,
        lambda: context.pagerduty_soon,
        context.store,
        names=names_met(context),
        log=context.log,
    )


def make_publisher(context: Context) -> CardPublisher:
    """What shows and repaints cards, with the configuration's buttons, quiet hours and zone."""
    settings = context.settings

    def card_buttons(incident: Incident, chosen: int) -> Tuple[Mapping[str, Any], ...]:
        chat = settings.chat
        if not chat.has_buttons:
            return ()
        key = chat.signing_keys[0].reveal()
        return buttons.actions(incident, chat.public_url, key, context.clock(), chosen)

    def with_details(change: Change, incident: Incident, creates: bool) -> Incident:
        asked = alert_details.wanted(change, incident, creates=creates)
        if not any(asked.values()):
            return incident
        try:
            return alert_details.with_extras(incident, context.pagerduty_spare, asked, context.log)
        except PackError as error:
            context.log.info(
                "Incident %s is shown without its alert's details: %s", incident.id, error
            )
            return incident

    def room_words(room: CardRecord) -> str:
        if room.route.room == PRIVATE and not settings.rooms.link_private:
            return "🔒 private room"
        return copyable_link(f"Room {room.label}", link(context.mattermost.settings, room.post_id))

    def found_unrecorded(label: str) -> None:
        context.notify_operators("unrecorded card", UNRECORDED.format(label))

    return CardPublisher(
        context.mattermost,
        context.store,
        context.channels,
        zone=times.zone(settings.time_zone),
        mentions=make_mentions(context),
        names=names_met(context),
        extras=with_details,
        buttons=card_buttons,
        hours=QuietHours(settings.quiet_hours, settings.time_zone, context.clock),
        canary=settings.canary,
        found_unrecorded=found_unrecorded,
        room_words=room_words,
        log=context.log,
        clock=context.clock,
        monotonic=context.monotonic,
    )


def post(
    context: Context, change: Change, channel: str, route: Route, along: Optional[Along]
) -> List[CardOutcome]:
    """What a rule makes of a change which the sensor saw: the card in its channel, first; and all
    else that becomes of the change. What is wrong with that channel is raised once the others were
    seen to. `along`: None for an incident that a person names, of which the one card is shown."""
    publisher = make_publisher(context)
    if along is None:
        return [publisher.show(change, channel, route)]
    canary = context.settings.canary
    if canary.owns(change.incident.service_id, change.incident.service):
        outcomes = follow(context, change)
        if outcomes and channel == canary.channel:
            return outcomes
        return [CardOutcome("", channel, NOT_STARTED), *outcomes]
    if _is_exercise(context, change):
        return [CardOutcome("", channel, NOT_STARTED), *follow(context, change)]
    try:
        outcomes = publisher.show_all(change, channel, route, along)
    except (RetryLater, WriteRefused):
        raise
    except PackError:
        follow(context, change, along)
        raise
    return _with_the_rest(context, publisher, change, outcomes, along)


def follow(context: Context, change: Change, along: Along = NOTHING_SAID) -> List[CardOutcome]:
    """All that becomes of a change which the sensor saw, beside what rules start: every card that
    the incident has; cards that quiet hours hold back and that may come now; and a card in each
    channel that is subscribed to it from chat. Of the canary's incidents its one card, of tests
    and drills that in their room."""
    publisher = make_publisher(context)
    outcomes = publisher.repaint(change, along)
    canary = context.settings.canary
    if canary.owns(change.incident.service_id, change.incident.service):
        if not outcomes and change.incident.is_open:
            outcomes.append(_shown(publisher, change, canary.channel, CANARY))
        return outcomes
    if _is_exercise(context, change):
        return outcomes
    return _with_the_rest(context, publisher, change, outcomes, along)


def _is_exercise(context: Context, change: Change) -> bool:
    """Whether it is a test or a drill, whose only card is that in its room."""
    incident = change.incident
    return context.settings.rooms.is_test(incident.service_id, incident.service)


def _with_the_rest(
    context: Context,
    publisher: CardPublisher,
    change: Change,
    outcomes: List[CardOutcome],
    along: Along,
) -> List[CardOutcome]:
    """With the cards that come beside those: held ones that may come now, subscribed ones."""
    present = {one.channel_id for one in outcomes if one.done != NOT_STARTED}
    for channel, route in _released(context, change, present).items():
        outcome = _shown(publisher, change, channel, route)
        if outcome.done == CREATED or outcome.problem:
            outcomes.append(outcome)
            present.add(outcome.channel_id)
    if along.subscribed:
        for channel, route in _subscribed(context, change, present).items():
            outcomes.append(_shown(publisher, change, channel, route))
    return outcomes


def _released(context: Context, change: Change, present: AbstractSet[str]) -> Dict[str, Route]:
    """Channel ids and routes of the incident's held cards, also where the change fits no criteria
    of the rule. Looked for where no card is yet, and when the urgency has changed."""
    if present and "incident.urgency_updated" not in change.event_types:
        return {}
    from pagerduty_mattermost.cards import held_cards

    return {
        one.channel_id: one.route
        for one in held_cards.every(context.store, context.log)
        if one.incident_id == change.incident.id and one.channel_id not in present
    }


def _subscribed(context: Context, change: Change, present: AbstractSet[str]) -> Dict[str, Route]:
    """A channel that has the incident's card already needs nothing more."""
    from pagerduty_mattermost.cards import subscriptions

    fitting = subscriptions.matching(context.store, change.incident, context.log)
    return {
        channel: subscriptions.joined(several)
        for channel, several in fitting.items()
        if channel not in present
    }


def _shown(publisher: CardPublisher, change: Change, channel: str, route: Route) -> CardOutcome:
    from pagerduty_mattermost.gateways.mattermost.channels import ChannelUnavailable

    try:
        return publisher.show(change, channel, route)
    except ChannelUnavailable as error:
        return CardOutcome(channel, done=FAILED, problem=str(error))
