"""The embedded default on a sandbox, with buttons, `/pd` and notes, and people there: for tests
and benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict

import requests

from . import Sandbox
from .cards import card_of
from .chat_setup import set_up_chat
from .demo import CHANNEL, start_pack, stop, write_config
from .mattermost import ChatPerson
from .waiting import until


class Room:
    """The pack, and what people do in Mattermost: through its API, as their clients do."""

    def __init__(self, sandbox: Sandbox, folder: Path, *, storms: bool = False) -> None:
        """`storms`: whether many incidents at once get one card together."""
        self.sandbox = sandbox
        chat = set_up_chat(sandbox)
        self.url: str = chat["public_url"]
        """Where the pack listens."""
        path = write_config(sandbox, folder, chat, storms=storms)
        self._stop = self._start(path, folder)
        until(self._listens, 60)
        until(lambda: sandbox.mattermost.account.posts(CHANNEL), 60)
        self.person = ChatPerson(sandbox.mattermost, "ada")
        self.ada = self.person.id

    def __enter__(self) -> Room:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop()

    def _start(self, config: Path, folder: Path) -> Callable[[], object]:
        """As people run it; what is given stops it."""
        sink = (folder / "pack.log").open("wb")
        pack = start_pack(config, folder, sink)

        def end() -> None:
            stop(pack)
            sink.close()

        return end

    def _listens(self) -> bool:
        try:
            return requests.get(self.url, timeout=1).status_code == 405
        except requests.RequestException:
            return False

    def buttons(self, incident: Any) -> Dict[str, str]:
        """Tokens by the button's id, of the card as Mattermost keeps it: reads do not show
        them."""
        card = self.card(incident)
        actions = [
            action
            for shown in (card.attachments if card else ())
            for action in shown.get("actions") or ()
        ]
        return {action["id"]: action["integration"]["context"]["token"] for action in actions}

    def click(self, incident: Any, button: str, option: str = "") -> requests.Response:
        """Ada clicks on the incident's card: a button by its id, a menu by how its id begins;
        `option`: what she chose from it."""
        id = next(one for one in self.buttons(incident) if one == button or one.startswith(button))
        return self.person.click(self.card(incident), id, option)

    def card(self, incident: Any) -> Any:
        return card_of(self.sandbox.mattermost.account, CHANNEL, incident.id)
