"""Base of the actions that post messages: in a channel, or to users in private."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import NotFound, PackError, RejectedInput


class MessageAction(PackAction):
    """Base of actions that post messages."""

    def post(
        self,
        channel: str,
        message: Optional[str],
        key: Optional[str],
        root_id: Optional[str],
        props: Optional[Mapping[str, Any]],
        revision: Optional[int] = None,
    ) -> Dict[str, Any]:
        """Post in a channel or thread, or bring what was posted to a later revision; the action's
        result."""
        from pagerduty_mattermost.gateways.mattermost.post_once import link

        if not (message or "").strip() and not props:
            raise RejectedInput("Nothing to post: give a message, or props with attachments")
        if revision is not None:
            props = {**(props or {}), "pagerduty": {"revision": int(revision)}}
        where, sent = self.context.channels.using(
            channel,
            lambda found: (
                found,
                self.context.post_once(
                    found.id, message or "", key=key or "", root_id=root_id or "", props=props
                ),
            ),
        )
        if sent.already and sent.post_id and revision is not None:
            self._revise(sent.post_id, message or "", int(revision))
        return {
            "post_id": sent.post_id,
            "channel_id": sent.channel_id,
            "already": sent.already,
            "link": link(self.context.mattermost.settings, sent.post_id),
            "message": f"{'Posted before' if sent.already else 'Posted'} in {where.label}.",
        }

    def _revise(self, post_id: str, message: str, revision: int) -> None:
        """The post as that revision has it; what is deleted or as new stays."""
        try:
            props = dict(self.context.mattermost.get_post(post_id).get("props") or {})
            mark = props.get("pagerduty")
            mark = dict(mark) if isinstance(mark, Mapping) else {}
            if int(mark.get("revision") or 0) < revision:
                props["pagerduty"] = {**mark, "revision": revision}
                self.context.mattermost.patch_post(post_id, message=message, props=props)
        except NotFound:
            self.context.log.info("Post %s is gone and stays so", post_id)

    def upload(
        self, channel: str, name: str, data: bytes, message: str, root_id: str
    ) -> Dict[str, Any]:
        """Post a file in a channel or thread; the action's result."""
        from pagerduty_mattermost.gateways.mattermost.post_once import link

        def send(found: Any) -> Any:
            file_id = self.context.mattermost.upload_file(found.id, name, data)
            sent = self.context.post_once(found.id, message, root_id=root_id, file_ids=[file_id])
            return found, file_id, sent

        where, file_id, sent = self.context.channels.using(channel, send)
        return {
            "post_id": sent.post_id,
            "channel_id": sent.channel_id,
            "file_id": file_id,
            "link": link(self.context.mattermost.settings, sent.post_id),
            "message": f"Posted a file of {len(data)} bytes in {where.label}.",
        }

    def direct(
        self, users: Iterable[Any], text: str, key: str, missed: List[str]
    ) -> Dict[str, Any]:
        """Send to Mattermost users; the action's result. `missed`: names of those whom Mattermost
        does not know."""
        sent: List[Dict[str, Any]] = []
        failed: List[Tuple[str, PackError]] = []
        for user in users:
            try:
                channel = self.context.mattermost.direct_channel(user.id)
                post = self.context.post_once(channel.id, text, key=key)
            except PackError as error:
                failed.append((user.username, error))
                continue
            sent.append({"user_id": user.id, "username": user.username, **post._asdict()})
        if failed:
            # Whoever has it keeps it: with a key, a repeated run sends to the others only.
            first = failed[0][1]
            first.args = (
                f"Sent to {len(sent)}, not to {', '.join(name for name, _ in failed)}: {first}",
            )
            raise first
        done = f"Sent to {len(sent)}" + (
            f"; {len(missed)} not found in Mattermost" if missed else ""
        )
        return {"sent": sent, "missed": missed, "message": done + "."}
