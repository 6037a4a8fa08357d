"""mattermost.upload_file: post a file, of the runner's disk or made of a text."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional, Tuple

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import RejectedInput

MAX_BYTES = 50 * 1024 * 1024
"""Mattermost's own default limit; the whole file is held in memory."""


class UploadFile(PackAction):
    def act(
        self,
        channel: str = "",
        path: Optional[str] = "",
        content: Optional[str] = None,
        name: Optional[str] = "",
        message: Optional[str] = "",
        root_id: Optional[str] = "",
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.mattermost.post_once import link

        file_name, data = _file(path or "", content, name or "")
        file_id = ""

        def send(found: Any) -> Any:
            nonlocal file_id
            file_id = self.context.mattermost.upload_file(found.id, file_name, data)
            return found, self.context.post_once(
                found.id, message or "", root_id=root_id or "", file_ids=[file_id]
            )

        where, sent = self.context.channels.using(channel, send)
        return {
            "post_id": sent.post_id,
            "channel_id": sent.channel_id,
            "file_id": file_id,
            "link": link(self.context.mattermost.settings, sent.post_id),
            "message": f"Posted a file of {len(data)} bytes in {where.label}.",
        }


def _file(path: str, content: Optional[str], name: str) -> Tuple[str, bytes]:
    """Name and bytes; raises RejectedInput."""
    if bool(path) == (content is not None):
        raise RejectedInput("Give either the path of a file on the runner or its content as text")
    if content is not None:
        data = content.encode("utf-8", "replace")
    elif not os.path.isfile(path):
        raise RejectedInput(f"There is no file '{path}' on the machine that runs the action")
    elif os.path.getsize(path) > MAX_BYTES:
        raise RejectedInput(
            f"The file '{path}' has {os.path.getsize(path)} bytes, {MAX_BYTES} is the limit"
        )
    else:
        try:
            with open(path, "rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise RejectedInput(f"The file '{path}' can't be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise RejectedInput(f"The file has more than {MAX_BYTES} bytes, which is the limit")
    if not data:
        raise RejectedInput("The file is empty")
    return os.path.basename(name or path) or "content.txt", data
