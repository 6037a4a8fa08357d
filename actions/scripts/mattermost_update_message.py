"""mattermost.update_message: change a message that the bot has posted."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.post_keys import PROPS_KEY


class UpdateMessage(PackAction):
    def act(
        self,
        post_id: str = "",
        message: Optional[str] = None,
        props: Optional[Dict[str, Any]] = None,
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.mattermost.post_once import link

        if message is None and props is None:
            raise RejectedInput("Nothing to change: give a message, props or both")
        if props is not None:
            # The key by which a later run knows the post stays, although props are replaced as a
            # whole.
            known_by = (self.context.mattermost.get_post(post_id).get("props") or {}).get(
                PROPS_KEY
            )
            props = {**props, PROPS_KEY: known_by} if known_by else props
        post = self.context.mattermost.patch_post(post_id, message=message, props=props)
        return {
            "post_id": post["id"],
            "channel_id": post.get("channel_id") or "",
            "link": link(self.context.mattermost.settings, post["id"]),
            "message": "Updated.",
        }
