"""mattermost.post_storm: one card for a storm in a channel, kept true, and a summary in its thread
at the end; and the same in each channel that is subscribed to such incidents from chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import PackError, RejectedInput

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.mattermost.channels import ChannelRef


class PostStorm(PackAction):
    kept_as = "post_storm"

    def act(
        self, change: Optional[Mapping[str, Any]] = None, channel: Optional[str] = ""
    ) -> Dict[str, Any]:
        storm = change or {}
        if not storm.get("key") or "incidents" not in storm:
            raise RejectedInput(
                "change must be the payload of the trigger pagerduty.storm: '{{ trigger }}'"
            )
        idle = self.not_configured()
        if idle:
            return idle
        cards: List[Dict[str, Any]] = []

        def shown(ref: ChannelRef) -> Dict[str, Any]:
            from pagerduty_mattermost.core import times
            from pagerduty_mattermost.noise import storm_publisher as storm_posts

            zone = times.zone(self.context.settings.time_zone)
            post_id, done = storm_posts.show(
                self.context.store,
                self.context.mattermost,
                ref.id,
                storm,
                zone,
                self.context.post_once,
            )
            return {"channel_id": ref.id, "post_id": post_id, "done": done}

        failed: Optional[PackError] = None
        service = (str(storm["service_id"]), str(storm["service"]))
        try:
            cards.append(self.context.channels.using(channel or ":default", shown, service))
        except PackError as error:
            failed = error
        for subscribed in self._subscribed(storm):
            if subscribed not in [card["channel_id"] for card in cards]:
                try:
                    cards.append(self.context.channels.using(subscribed, shown))
                except PackError as error:
                    failed = failed or error
        if failed is not None:
            raise failed
        return {
            **cards[0],
            "cards": cards,
            "message": f"Storm {storm['key']}: {cards[0]['done']}.",
        }

    def _subscribed(self, storm: Mapping[str, Any]) -> List[str]:
        """Channels whose subscriptions fit what is held in the storm, as far as its payload
        tells."""
        from pagerduty_mattermost.cards import subscriptions
        from pagerduty_mattermost.incidents.incident import Incident, Person

        urgencies = {str(one["urgency"]) for one in storm["incidents"]}
        incident = Incident(
            "",
            service_id=str(storm["service_id"]),
            service=str(storm["service"]),
            urgency="high" if "high" in urgencies else "low",
            teams=tuple(Person(str(id)) for id in storm.get("team_ids") or ()),
        )
        return list(subscriptions.matching(self.context.store, incident, self.context.log))
