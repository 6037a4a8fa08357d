"""The actions room.*: what they give, and what they refuse."""

from __future__ import annotations

import importlib
from typing import Any, Dict

from st2tests.base import BaseActionTestCase

from sandbox import Sandbox
from sandbox.pagerduty import API_KEY


class RoomActionsTestCase(BaseActionTestCase):
    action_cls = importlib.import_module("room_act").RoomAct

    def setUp(self) -> None:
        super().setUp()
        self.sandbox = Sandbox()
        self.sandbox.__enter__()
        self.addCleanup(self.sandbox.__exit__, None, None, None)
        self.chat = self.sandbox.mattermost.account
        world = self.sandbox.mattermost.world
        assert world is not None
        self.config = {
            "api_key": API_KEY,
            "api_url": self.sandbox.pagerduty.url,
            "mattermost": {
                "url": self.sandbox.mattermost.url,
                "token": world.bot_token,
                "team": "ops",
            },
        }
        self.service = self.get_action_instance(config={}).action_service
        self.incident = self.sandbox.pagerduty.account.trigger("Checkout API", "Down")

    def act(self, module: str, name: str, **params: Any) -> Any:
        self.action_cls = getattr(importlib.import_module(module), name)
        action = self.get_action_instance(config=dict(self.config))
        action.action_service = self.service
        return action.run(**params)

    def room(self, what: str, **params: Any) -> Dict[str, Any]:
        done, result = self.act("room_act", "RoomAct", what=what, **params)
        assert done, result
        found: Dict[str, Any] = result
        return found

    def refused(self, what: str, **params: Any) -> str:
        done, line = self.act("room_act", "RoomAct", what=what, **params)
        assert not done
        assert "\n" not in line
        assert "Unexpected" not in line, line
        return str(line)

    def opened(self) -> Dict[str, Any]:
        done, result = self.act("room_open", "RoomOpen", incident_id=self.incident.id)
        assert done, result
        found: Dict[str, Any] = result
        return found

    def test_opened_once_found_listed_and_described(self) -> None:
        id_ = self.incident.id
        self.assertFalse(self.room("find", incident_id=id_)["found"])
        first, second = self.opened(), self.opened()
        self.assertEqual((first["done"], second["done"]), ("made", "there"))
        self.assertEqual(first["channel_id"], second["channel_id"])
        found = self.room("find", incident_id=id_)
        self.assertEqual(found["channel_id"], first["channel_id"])
        self.assertIn("/_redirect/pl/", found["link"])
        self.assertEqual(self.room("list")["count"], 1)
        self.assertIn(self.chat.user("ada").id, self.room("info", incident_id=id_)["members"])

    def test_people_channels_archived_restored(self) -> None:
        id_ = self.incident.id
        room = self.opened()
        self.room("invite", incident_id=id_, users=["@grace", "mei@example.com"])
        members = self.chat.channel(room["channel_id"]).members
        self.assertIn(self.chat.user("mei").id, members)
        cards = self.room("announce", incident_id=id_, channels="~ops, incidents")["cards"]
        self.assertEqual(len(cards), 2)
        self.assertEqual(self.room("archive", incident_id=id_)["state"], "archived")
        self.assertIn("may not restore", self.refused("restore", incident_id=id_))
        self.chat.make_team_admin("ops", "pagerduty")
        self.assertEqual(self.room("restore", incident_id=id_)["state"], "open")

    def test_what_is_refused(self) -> None:
        id_ = self.incident.id
        for what in ("info", "archive", "invite"):
            self.assertIn("has no room", self.refused(what, incident_id=id_, users=["@ada"]))
        self.assertIn("no archived room", self.refused("restore", incident_id=id_))
        self.opened()
        self.assertIn("at least one", self.refused("invite", incident_id=id_, users=[]))
        self.assertIn("nobody", self.refused("invite", incident_id=id_, users=["@nobody"]))
        self.assertIn("a room already", self.refused("adopt", incident_id=id_, channel="ops"))

    def test_adopted(self) -> None:
        found = self.room("adopt", incident_id=self.incident.id, channel="~ops")
        self.assertTrue(found["adopted"])
        self.assertIn("people's", self.refused("archive", incident_id=self.incident.id))
