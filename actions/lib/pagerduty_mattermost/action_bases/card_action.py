"""Base of the actions that post and repaint cards: the change they were given, and `Posts` with
all it needs."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.cards.publisher import FAILED, Outcome, Posts
from pagerduty_mattermost.core.errors import PackError, RejectedInput
from pagerduty_mattermost.core.weekly_hours import Hours
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.incidents.incident import Change, Incident, from_payload

SOON = 5.0
"""Seconds to wait for what a card can do without."""


class CardAction(PackAction):
    _hasty: Optional[PagerDuty] = None

    def change_of(self, change: Optional[Mapping[str, Any]], incident_id: Optional[str]) -> Change:
        """The trigger's payload, or the incident as PagerDuty has it now. Raises RejectedInput
        when it is neither."""
        if bool(change) == bool(incident_id):
            raise RejectedInput("Give either change (in a rule: '{{ trigger }}') or incident_id")
        if incident_id:
            from pagerduty_mattermost.incidents.alert_details import fetch

            return fetch(self.pagerduty, incident_id.strip())
        try:
            return from_payload(change or {})
        except (KeyError, TypeError, ValueError, AttributeError):
            raise RejectedInput(
                "change must be the payload of the trigger pagerduty.incident: '{{ trigger }}'"
            ) from None

    def idle(self, change: Optional[Mapping[str, Any]]) -> Optional[Dict[str, Any]]:
        """The result for a rule's change while Mattermost is not configured at all, else None."""
        return self.not_configured() if change else None

    def posts(self) -> Posts:
        from pagerduty_mattermost.cards.mentions import Mentions
        from pagerduty_mattermost.core import times

        return Posts(
            self.mattermost,
            self.store,
            self.channels,
            zone=times.zone(self.settings.time_zone),
            mentions=Mentions(self.mattermost, self._pagerduty_soon, self.store, log=self.log),
            extras=self._extras,
            actions=self._buttons,
            hours=Hours(self.settings.quiet_hours, self.settings.time_zone, self.clock),
            log=self.log,
            clock=self.clock,
            monotonic=self.monotonic,
        )

    def _buttons(self, incident: Incident) -> Tuple[Mapping[str, Any], ...]:
        chat = self.settings.chat
        if not chat.has_buttons:
            return ()
        from pagerduty_mattermost.cards import buttons

        return buttons.actions(
            incident, chat.public_url, chat.signing_keys[0].reveal(), self.clock()
        )

    def _extras(self, change: Change, incident: Incident, birth: bool) -> Incident:
        from pagerduty_mattermost.incidents import alert_details as extras

        asked = extras.wanted(change, incident, birth=birth)
        if not any(asked.values()):
            return incident
        try:
            return extras.with_extras(incident, self._pagerduty_soon(), asked, self.log)
        except PackError as error:
            self.log.info(
                "Incident %s is shown without its alert's details: %s", incident.id, error
            )
            return incident

    def _pagerduty_soon(self) -> PagerDuty:
        """A gateway that gives up after some seconds: a card does not wait for what it can do
        without."""
        if self._hasty is None:
            from pagerduty_mattermost.core.config.settings import Timeouts, require_pagerduty
            from pagerduty_mattermost.gateways.http.client import Policy

            settings = require_pagerduty(self.settings)
            waits = settings.http.timeouts
            timeouts = Timeouts(min(waits.connect, SOON), min(waits.read, SOON))
            self._hasty = PagerDuty(
                settings._replace(http=settings.http._replace(timeouts=timeouts)),
                log=self.log if self.settings.debug else None,
                policy=Policy(attempts=2, budget=SOON),
                clock=self.clock,
                monotonic=self.monotonic,
                sleep=self.sleep,
            )
        return self._hasty


def as_results(outcomes: Iterable[Outcome]) -> List[Dict[str, Any]]:
    return [{**outcome._asdict(), "reply_ids": list(outcome.reply_ids)} for outcome in outcomes]


def sentence(outcomes: List[Outcome]) -> str:
    """What was done, for people."""
    if not outcomes:
        return "The incident has no card."
    words = {
        "not_started": "no card started",
        "held": "held by quiet hours",
        "deleted_by_a_person": "the card was deleted by a person",
    }
    parts = []
    for outcome in outcomes:
        done = words.get(outcome.done, f"card {outcome.done}")
        replied = len(outcome.reply_ids)
        told = f", {replied} {'reply' if replied == 1 else 'replies'}" if replied else ""
        parts.append(f"{outcome.channel or outcome.channel_id}: {done}{told}")
    failed = [outcome.problem for outcome in outcomes if outcome.done == FAILED]
    return "; ".join(parts) + "." + (f" {failed[0]}" if failed else "")
