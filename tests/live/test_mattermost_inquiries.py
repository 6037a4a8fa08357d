"""Questions of StackStorm's workflows on a Mattermost that is held to the contract: posted,
answered by a button and in a dialog that its own server passes on. StackStorm is the sandbox's."""

from __future__ import annotations

from typing import Any, Dict, Iterator
from unittest import mock

import pytest
from chat_contract import callback, eyes_at
from chat_pack import KEY, Taken, connected
from chat_sensor import ChatSensor
from inquiry_ask import InquiryAsk
from mattermost_eyes import Eyes
from mattermost_site import Site, good

from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.ports import free_port
from sandbox.stackstorm import StackStormServer, inquiries
from sandbox.waiting import until

FIELDS: Dict[str, Any] = {
    "approved": {"type": "boolean", "description": "Restart web-1?", "required": True},
    "department": {"type": "integer", "minimum": 2, "required": True},
    "size": {"type": "string", "enum": ["small", "large"], "default": "large"},
    "note": {"type": "string", "secret": True},
}


class Office:
    """The chat sensor between both, and a person of the channel."""

    def __init__(self, site: Site, stackstorm: StackStormServer) -> None:
        self.site, self.stackstorm, self.channel = site, stackstorm, site.new_channel()
        member = {"user_id": site.person["id"]}
        good(site.admin.post(f"/channels/{self.channel['id']}/members", member))
        url, bind = callback(site)
        host, _, port = (bind or f"127.0.0.1:{free_port()}").rpartition(":")
        self.service: Any = Taken()
        self.service.get_logger = lambda name: mock.Mock()
        client = type("Client", (), {"endpoints": {"api": stackstorm.api_url}, "token": ""})
        self.service.datastore_service = mock.Mock(get_api_client=lambda: client)
        self.raw: Dict[str, Any] = {
            **connected(site, self.channel["name"]),
            "chat": {
                "bind": host,
                "port": int(port),
                "public_url": url or f"http://127.0.0.1:{port}",
                "command_tokens": ["t" * 26],
                "signing_keys": [KEY],
            },
            "chatops": {
                "api_url": stackstorm.api_url,
                "auth_url": stackstorm.auth_url,
                "allow": {"*": ["*"]},
            },
        }
        self.sensor = ChatSensor(self.service, self.raw)
        self.sensor.setup()

    def ask(self, *fields: str) -> str:
        """The id of a question with these fields."""
        schema = {"type": "object", "properties": {name: FIELDS[name] for name in fields}}
        route = f"~{self.channel['name']}"
        id = inquiries.ask(self.stackstorm.account, schema, route)
        ok, result = InquiryAsk(self.raw, self.service).run(inquiry_id=id)
        assert ok, result
        return id

    def post(self, words: str) -> Dict[str, Any]:
        """The channel's post in which they stand, waited for."""

        def found() -> Any:
            page = good(self.site.people.get(f"/channels/{self.channel['id']}/posts"))
            return [one for one in page["posts"].values() if words in one["message"]]

        return until(found)[0]  # type: ignore[no-any-return]

    def press(self, name: str) -> None:
        """The newest button of that name, waited for."""

        def found() -> Any:
            posts = self.site.people.get(f"/channels/{self.channel['id']}/posts").json()
            return [
                (post["id"], action["id"])
                for post in map(posts["posts"].get, posts["order"])
                for row in post["props"].get("attachments") or ()
                for action in row["actions"]
                if action["name"] == name
            ]

        post_id, action_id = until(found)[0]
        good(self.site.people.post(f"/posts/{post_id}/actions/{action_id}", {}))

    def response(self, id: str) -> Any:
        return (self.stackstorm.account.executions[id]["result"] or {}).get("response")


@pytest.fixture(scope="module")
def office(site: Site) -> Iterator[Office]:
    clock = Clock()
    stackstorm = StackStormServer(SandboxJournal(clock), clock)
    stackstorm.start()
    made = Office(site, stackstorm)
    yield made
    made.sensor.cleanup()
    stackstorm.stop()


@pytest.fixture(scope="module")
def eyes(site: Site) -> Iterator[Eyes]:
    with eyes_at(site) as opened:
        yield opened


def test_a_question_is_answered_by_a_button(office: Office) -> None:
    id = office.ask("approved")
    office.press("Yes")
    ended = office.post("answered: **Yes**")
    assert not ended["props"].get("attachments")
    assert office.response(id) == {"approved": True}


def test_a_question_of_several_fields_is_answered_in_a_dialog(
    office: Office, site: Site, eyes: Eyes
) -> None:
    before = len(eyes.dialogs())
    id = office.ask(*FIELDS)
    office.press("Answer…")
    shown = until(lambda: eyes.dialogs()[before:])[0]
    names = [one["display_name"] for one in shown["dialog"]["elements"]]
    assert names == list(FIELDS)
    sent = {
        "url": shown["url"],
        "callback_id": shown["dialog"]["callback_id"],
        "state": shown["dialog"]["state"],
        "channel_id": office.channel["id"],
        "team_id": site.team["id"],
        "cancelled": False,
    }

    def submitted(**values: str) -> Any:
        answer = site.people.post("/actions/dialogs/submit", {**sent, "submission": values})
        return good(answer)

    wrong = submitted(f0="", f1="1", f2="7")
    assert set(wrong["errors"]) == {"f0", "f1", "f2"}
    assert office.response(id) is None
    assert not submitted(f0="0", f1="3", f2="1", f3="hunter2")
    ended = office.post("approved: Yes, department: 3, size: large, note: …")
    assert "hunter2" not in str(ended)
    expected = {"approved": True, "department": 3, "size": "large", "note": "hunter2"}
    assert office.response(id) == expected
    assert office.stackstorm.account.resumed[id] == 1
