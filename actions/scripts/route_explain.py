"""route.explain: which filter or rule posted an incident, or kept it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Sequence

from pagerduty_mattermost.action_bases.card_action import CardAction
from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.cards.publisher import FRESH
from pagerduty_mattermost.core.errors import PackError, RejectedInput
from pagerduty_mattermost.gateways.stackstorm.rules_api import all_rules
from pagerduty_mattermost.operations.route_explanation import CardState, Subscribed, Told

if TYPE_CHECKING:
    from pagerduty_mattermost.cards.subscriptions import Subscription
    from pagerduty_mattermost.incidents.incident import Incident


class RouteExplain(CardAction):
    def act(self, incident_id: str = "") -> Dict[str, Any]:
        from pagerduty_mattermost.cards import subscriptions
        from pagerduty_mattermost.cards.records import Records
        from pagerduty_mattermost.incidents.incident import IncidentEvent
        from pagerduty_mattermost.operations import route_explanation as explain

        if not (incident_id or "").strip():
            raise RejectedInput("Give the incident's id, such as PT4KHLK")
        change = posting.change_of(self.context, None, incident_id)
        remembered = Records(self.context.store, change.incident.id, self.context.log).load()
        # A change without events was asked for by hand: no rule saw it.
        changes = [state.change for state in remembered.states if state.change.events]
        assumed = not changes
        if assumed:
            changes = [change._replace(events=(IncidentEvent("explain", "incident.triggered"),))]
        filters = explain.filters(self.context.settings.watch, change.incident)
        verdicts = explain.verdicts(all_rules(self.action_service), changes)
        cards = [self._card(change.incident.id, record) for record in remembered.cards.values()]
        cards += self._held(change.incident.id, remembered.cards)
        told = [self._told(one, change.incident, cards, assumed) for one in verdicts]
        subscribed = [
            self._subscription(one, change.incident)
            for one in subscriptions.every(self.context.store, self.context.log)
        ]
        return {
            "incident_id": change.incident.id,
            "message": explain.sentences(
                change.incident, filters, verdicts, told, cards, assumed, subscribed
            ),
            "reported": not assumed,
            "filters": {one.setting: one.passed for one in filters},
            "rules": {one.rule: mine.outcome or one.outcome for one, mine in zip(verdicts, told)},
            "subscriptions": [one._asdict() for one in subscribed],
            "cards": [
                {"channel": card.channel, "route": card.route, "card": card.state}
                for card in cards
            ],
        }

    def _subscription(self, one: Subscription, incident: Incident) -> Subscribed:
        try:
            channel = self.context.channels.look_up(one.channel_id).label
        except PackError as error:
            channel = str(error)
        return Subscribed(channel, one.told(), one.why_not(incident))

    def _card(self, incident_id: str, record: Any) -> CardState:
        from pagerduty_mattermost.gateways.mattermost.post_once import link
        from pagerduty_mattermost.operations.route_explanation import by_hand

        if record.gone:
            state = "deleted by a person"
        elif record.post_id:
            state = link(self.context.mattermost.settings, record.post_id)
        elif abs(self.context.clock() - record.at) < FRESH:
            state = "about to be posted"
        else:
            state = f"not posted yet: {by_hand(incident_id, record.channel_id)} does it now"
        return CardState(
            record.channel_id, record.label or record.channel_id, record.route.name, state
        )

    def _held(self, incident_id: str, present: Mapping[str, Any]) -> List[CardState]:
        from pagerduty_mattermost.cards import held_cards as held
        from pagerduty_mattermost.core import times
        from pagerduty_mattermost.operations.route_explanation import by_hand

        found = []
        for one in held.every(self.context.store, self.context.log):
            if one.incident_id != incident_id or one.channel_id in present:
                continue
            if one.why == held.QUIET:
                until = times.stamp(
                    times.iso(one.until), times.zone(self.context.settings.time_zone)
                )
                state = f"held by quiet hours until {until}; then the digest tells of it"
            else:
                state = "held by quiet hours and told in their digest; the next change posts it"
            state += f", and {by_hand(incident_id, one.channel_id)} does it now"
            found.append(
                CardState(one.channel_id, one.label or one.channel_id, one.route.name, state, True)
            )
        return found

    def _told(
        self, verdict: Any, incident: Any, cards: Sequence[CardState], assumed: bool
    ) -> Told:
        """What became of a rule's verdict: the cards of its route, and a line for people."""
        from pagerduty_mattermost.operations import route_explanation as explain

        if verdict.outcome == explain.DISABLED:
            return Told((), "")
        mine = tuple(card for card in cards if verdict.route and card.route == verdict.route)
        states = "; ".join(card.state for card in mine)
        if verdict.outcome != explain.POSTS:
            if mine:
                return Told(
                    mine, f"{states} (it would start none by what is remembered: {verdict.reason})"
                )
            return Told(
                (),
                ("matches, but " if verdict.outcome == explain.START_ON else "") + verdict.reason,
            )
        try:
            service = (incident.service_id, incident.service)
            channel_id = self.context.channels.look_up(verdict.channel, service).id
        except PackError as error:
            return Told((), f"matches, but: {error}")
        there = next((card for card in cards if card.channel_id == channel_id), None)
        if there in mine:
            return Told(mine, states)
        if there is not None:
            whose = f"the route {there.route}" if there.route else "no named route"
            return Told((), f"matches; the channel's one card of the incident is of {whose}")
        if assumed:
            return Told((), "matches")
        return Told(
            (), f"matches, no card is there: {explain.by_hand(incident.id, channel_id)} posts it"
        )
