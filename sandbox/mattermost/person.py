"""A person at a client of the sandbox's Mattermost: what they do goes through its API, over HTTP, in their name.

ada = Person(sandbox.mattermost, "ada")
ada.click(card, "acknowledge"); ada.choose(card, "more", "snooze1h")
ada.command("incidents", "/pd resolve 2"); ada.seen()            # what only she sees
(dialog,) = ada.dialogs(); ada.submit(dialog, {"text": "Rolled back"})
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Union

import requests

from .integrations import Dialog
from .model import Channel, Post
from .seed import MattermostServer

TIMEOUT = (5, 40)


class Person:
    def __init__(self, server: MattermostServer, username: str) -> None:
        self._server, self._account = server, server.account
        self.id = self._account.user(username).id
        self._headers = {"Authorization": "Bearer " + self._account.session(username)}

    def send(self, path: str, body: Any) -> requests.Response:
        """A POST to the API."""
        url = f"{self._server.url}/api/v4{path}"
        return requests.post(url, json=body, headers=self._headers, timeout=TIMEOUT)

    def say(self, channel: Union[Channel, str], message: str, root_id: str = "") -> requests.Response:
        found = self._account.channel(channel)
        return self.send("/posts", {"channel_id": found.id, "message": message, "root_id": root_id})

    def click(self, post: Union[Post, str], action: str) -> requests.Response:
        return self.send(*self._press(post, action))

    def choose(self, post: Union[Post, str], action: str, option: str) -> requests.Response:
        path, body = self._press(post, action)
        return self.send(path, {**body, "selected_option": option})

    def _press(self, post: Union[Post, str], action: str) -> Any:
        """With the cookie that an ephemeral post's button bears."""
        mine = {one.id: one for one in self.seen()}
        post_id = post.id if isinstance(post, Post) else post
        cards = mine[post_id].attachments if post_id in mine else []
        cookies = [a.get("cookie") for card in cards for a in card.get("actions") or () if a.get("id") == action]
        body: Dict[str, Any] = {"cookie": cookies[0]} if cookies else {}
        return f"/posts/{post_id}/actions/{action}", body

    def command(self, channel: Union[Channel, str], text: str) -> requests.Response:
        return self.send("/commands/execute", {"channel_id": self._account.channel(channel).id, "command": text})

    def seen(self) -> List[Post]:
        """What they alone see, oldest first."""
        return self._account.ephemerals(self.id)

    def dialogs(self) -> List[Dialog]:
        """What is open in their client."""
        return self._account.dialogs(self.id)

    def submit(
        self, dialog: Dialog, values: Mapping[str, Any], channel: Union[Channel, str] = "incidents"
    ) -> requests.Response:
        """A dialog whose submission has no errors is closed, as clients do."""
        place = self._account.channel(channel)
        answer = self.send("/actions/dialogs/submit", submission(dialog, values, place))
        if answer.status_code == 200 and not answer.json():
            self._account.close_dialog(dialog.id)
        return answer


def submission(dialog: Dialog, values: Mapping[str, Any], place: Channel, *, cancelled: bool = False) -> Dict[str, Any]:
    """What a client sends."""
    return {
        "url": dialog.url,
        "callback_id": str(dialog.dialog.get("callback_id") or ""),
        "state": str(dialog.dialog.get("state") or ""),
        "channel_id": place.id,
        "team_id": place.team_id,
        "submission": dict(values),
        "cancelled": cancelled,
    }
