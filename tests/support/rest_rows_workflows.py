"""Rows of the actions that workflows are made of."""

from __future__ import annotations

from actions_world import ActionsTestCase
from chat_world import Chat
from rest_rows import Parameters, Row, incident, key, one, service, user


def chat(test: ActionsTestCase) -> Chat:
    """A sandbox Mattermost that the test's configuration names."""
    found = Chat()
    found.server.start()
    test.addCleanup(found.server.stop)
    test.settings["mattermost"] = found.raw()["mattermost"]
    return found


def said(test: ActionsTestCase) -> Parameters:
    post = chat(test).service.say("ada", "incidents", "Disk full\ndf says 100%")
    return {"service_id": service(test), "post_id": post.id}


def mine(test: ActionsTestCase) -> Parameters:
    incident(test)
    return {"user": user(test)}


def opened(test: ActionsTestCase) -> Parameters:
    incident(test)
    return {}


TABLE = {
    "incident.declare_from_post": Row(said, key(done="created"), call="POST /incidents"),
    "incident.acknowledge_mine": Row(mine, key(count=1), call="PUT /incidents"),
    "incident.open_ids": Row(opened, key(count=1, triggered=1, more=False), call="GET /incidents"),
    "incident.close": Row(
        one(incident), key(done="resolved", note="written"), call="PUT /incidents/{entity_id}"
    ),
    "incident.note_timeline": Row(
        one(incident), key(done="written"), call="POST /incidents/{entity_id}/notes", tries=1
    ),
}
