"""A person at a client of the sandbox's Mattermost: what they do goes through its API, over HTTP,
in their name.

    ada = ChatPerson(sandbox.mattermost, "ada")
    ada.click(card, "acknowledge"); ada.click(card, "more", "snooze1h")
    ada.command("incidents", "/pd resolve 2"); ada.seen()  # what only she sees
    (dialog,) = ada.dialogs(); ada.submit(dialog, {"text": "Rolled back"})
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Union

import requests

from .clients import looked_up, pressed, settle, submission, typed
from .integrations import Dialog
from .model import Channel, Post
from .seed import MattermostServer

TIMEOUT = (5, 40)


class ChatPerson:
    def __init__(self, server: MattermostServer, username: str) -> None:
        self._server, self._account = server, server.account
        self.id = self._account.user(username).id
        self._headers = {"Authorization": "Bearer " + self._account.session(username)}

    def send(self, path: str, body: Any) -> requests.Response:
        """A POST to the API."""
        url = f"{self._server.url}/api/v4{path}"
        return requests.post(url, json=body, headers=self._headers, timeout=TIMEOUT)

    def say(
        self, channel: Union[Channel, str], message: str, root_id: str = ""
    ) -> requests.Response:
        found = self._account.channel(channel)
        return self.send(
            "/posts", {"channel_id": found.id, "message": message, "root_id": root_id}
        )

    def click(self, post: Union[Post, str], action: str, option: str = "") -> requests.Response:
        """A button, or with `option` a choice from a menu."""
        post_id = post.id if isinstance(post, Post) else post
        return self.send(*pressed(self._account, self.id, post_id, action, option))

    def command(
        self, channel: Union[Channel, str], text: str, root_id: str = ""
    ) -> requests.Response:
        sent = typed(self._account, self.id, channel, text, root_id)
        return self.send("/commands/execute", sent)

    def seen(self) -> List[Post]:
        """What they alone see, oldest first."""
        return self._account.ephemerals(self.id)

    def dialogs(self) -> List[Dialog]:
        """What is open in their client."""
        return self._account.dialogs(self.id)

    def submit(
        self, dialog: Dialog, values: Mapping[str, Any], channel: Union[Channel, str] = "incidents"
    ) -> requests.Response:
        """A dialog whose submission has no errors is closed, as clients do, or becomes the one
        that is answered."""
        answer = self.send(
            "/actions/dialogs/submit", submission(self._account, dialog, values, channel)
        )
        if answer.status_code == 200:
            settle(self._account, dialog.id, answer.json())
        return answer

    def lookup(
        self,
        dialog: Dialog,
        field: str,
        query: str = "",
        channel: Union[Channel, str] = "incidents",
    ) -> List[Dict[str, str]]:
        """What a list of the dialog offers while that is typed into it."""
        sent = looked_up(self._account, dialog, field, query, channel)
        answer = self.send("/actions/dialogs/lookup", sent)
        answer.raise_for_status()
        return list(answer.json()["items"])
