"""mattermost.upload_file: post a file, of the runner's disk or made of a text."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.message_action import MessageAction


class UploadFile(MessageAction):
    def act(
        self,
        channel: str = "",
        file: Optional[str] = "",
        content: Optional[str] = None,
        name: Optional[str] = "",
        message: Optional[str] = "",
        root_id: Optional[str] = "",
        path: Optional[str] = "",
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.mattermost.uploads import read_file

        path = file or path
        where = self.context.settings.files.checked(path) if path and content is None else path
        file_name, data = read_file(where or "", content, name or "")
        return self.upload(channel, file_name, data, message or "", root_id or "")
