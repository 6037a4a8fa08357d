"""mattermost.post_storm: one card for a storm in a channel, kept true, and a summary in its thread at the end."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from pagerduty_mattermost.action_base import PackAction
from pagerduty_mattermost.errors import NotFound, RejectedInput

KEPT = 30 * 86400


class PostStorm(PackAction):
    kept_as = "post_storm"

    def act(self, change: Optional[Mapping[str, Any]] = None, channel: Optional[str] = "") -> Dict[str, Any]:
        storm = change or {}
        if not storm.get("key") or "incidents" not in storm:
            raise RejectedInput("change must be the payload of the trigger pagerduty.storm: '{{ trigger }}'")
        idle = self.not_configured()
        if idle:
            return idle
        service = (str(storm["service_id"]), str(storm["service"]))
        where = channel or ":default"
        post_id, done = self.channels.using(where, lambda ref: self._shown(ref.id, storm), service)
        return {"done": done, "post_id": post_id, "message": f"Storm {storm['key']}: {done}."}

    def _shown(self, channel_id: str, storm: Mapping[str, Any]) -> Any:
        """Newest wins: what is older than the card paints nothing; doing it again changes nothing."""
        from pagerduty_mattermost import storm_card, times
        from pagerduty_mattermost.keys import PROPS_KEY, post_key

        key = f"storm-{storm['key']}"
        name = "storm." + post_key("storm", channel_id, str(storm["key"]))
        kept = self.store.read(name)
        painted = int(kept["sequence"]) if isinstance(kept, Mapping) else -1
        if painted > int(storm["sequence"]):
            return str(kept["post_id"]), "older"
        message, attachment = storm_card.card(storm, times.zone(self.settings.time_zone))
        props = {"attachments": [attachment], PROPS_KEY: {"storm": str(storm["key"])}}
        sent = self.post_once(channel_id, message, key=key, props=props)
        done = "created"
        if sent.already and painted < int(storm["sequence"]):
            post = {**props, PROPS_KEY: {**props[PROPS_KEY], "key": post_key("message", channel_id, key)}}
            try:
                self.mattermost.patch_post(sent.post_id, message=message, props=post)
            except NotFound:
                return sent.post_id, "deleted_by_a_person"
            done = "repainted"
        elif sent.already:
            done = "unchanged"
        self.store.write(name, {"post_id": sent.post_id, "sequence": int(storm["sequence"])}, KEPT)
        if storm["state"] == "ended":
            self.post_once(channel_id, storm_card.summary(storm), key=key + "-over", root_id=sent.post_id)
        return sent.post_id, done
