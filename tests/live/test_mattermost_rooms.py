"""The contract of rooms: channels that the bot makes and archives, their lists, reads since a
moment; and rooms themselves, opened by several at once, killed, heard, put away."""

from __future__ import annotations

import random
import threading
import time
from typing import Any, Dict, Iterator, List

import pytest
from datastore_double import Service
from mattermost_site import Site, good, refused
from rooms_world import Log

from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.chat.room_listener import RoomListener
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.incidents import alert_details
from pagerduty_mattermost.incidents.incident import Change
from pagerduty_mattermost.rooms import following, furnishing, opening, tending
from pagerduty_mattermost.rooms.records import RoomRecords
from pagerduty_mattermost.rooms.room import open_room
from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import API_KEY, PagerDutyServer

WORKERS, INCIDENTS, KILLED = 8, 12, 0.3


class Killed(BaseException):
    """The process is gone."""


class Rooms:
    """The pack on the site's Mattermost and a sandbox PagerDuty."""

    def __init__(self, site: Site, pagerduty: PagerDutyServer) -> None:
        self.site, self.pagerduty = site, pagerduty
        self.datastore, self.log = Service(), Log()
        self.chance = random.Random(7)

    def raw(self) -> Dict[str, Any]:
        token = str(self.site.bot.session.headers["Authorization"]).partition(" ")[2]
        return {
            "api_key": API_KEY,
            "api_url": self.pagerduty.url,
            "from_email": "radia@example.com",
            "mattermost": {
                "url": self.site.url,
                "token": token,
                "team": self.site.team["name"],
                "default_channel": "town-square",
            },
            "rooms": {"archive": "at_once", "name": f"{self.site.run}-{{date}}-{{title}}"},
            "tls": {"ca_file": self.site.ca_file} if self.site.ca_file else {},
        }

    def context(self) -> Context:
        return Context(self.raw(), self.datastore, self.log)

    def incident(self, title: str) -> Any:
        return self.pagerduty.account.trigger("Checkout API", title)

    def change(self, incident: Any) -> Change:
        return alert_details.fetch(self.context().pagerduty, incident.id)

    def killable(self) -> Context:
        """Three in ten are killed, at one of their requests to Mattermost."""
        context, left = self.context(), self.chance.randrange(1, 16)
        if self.chance.random() >= KILLED:
            left = 10**6
        client = context.mattermost._driver.client
        send, count = client.make_request, [left]

        def make_request(*given: Any, **named: Any) -> Any:
            count[0] -= 1
            if count[0] == 0:
                raise Killed
            return send(*given, **named)

        client.make_request = make_request
        return context

    def made(self, incident: Any) -> List[Any]:
        context = self.context()
        mine = own_channels.mine(context.mattermost, opening.team_id(context))
        assert mine is not None
        return [one for one in mine.channels if opening.made_for(one) == incident.id]


@pytest.fixture
def rooms(site: Site) -> Iterator[Rooms]:
    clock = Clock()
    with PagerDutyServer(SandboxJournal(clock), clock) as pagerduty:
        pagerduty.account.set_options(rate_limit=None)
        yield Rooms(site, pagerduty)


def mine(site: Site, channel_id: str) -> Dict[str, Any]:
    rows = good(site.bot.get(f"/users/me/teams/{site.team['id']}/channels"))
    found: Dict[str, Any] = next(row for row in rows if row["id"] == channel_id)
    return found


def test_posts_and_edits_move_the_channels_time_and_reactions_and_deletions_do_not(
    site: Site,
) -> None:
    made = site.new_channel()
    post = good(site.bot.create_post(made["id"], "one"))
    first = mine(site, made["id"])["last_post_at"]
    time.sleep(0.01)
    good(site.bot.put(f"/posts/{post['id']}/patch", {"message": "two"}))
    second = mine(site, made["id"])["last_post_at"]
    assert second > first
    time.sleep(0.01)
    reaction = {"user_id": site.bot_id, "post_id": post["id"], "emoji_name": "eyes"}
    good(site.bot.post("/reactions", reaction))
    good(site.bot.delete(f"/posts/{post['id']}"))
    assert mine(site, made["id"])["last_post_at"] == second


def test_a_read_since_a_moment_brings_what_an_edit_left_behind(site: Site) -> None:
    made = site.new_channel()
    post = good(site.bot.create_post(made["id"], "one"))
    time.sleep(0.01)
    good(site.bot.put(f"/posts/{post['id']}/patch", {"message": "two"}))
    answer = good(site.bot.get(f"/channels/{made['id']}/posts", since=post["create_at"]))
    former = [row for row in answer["posts"].values() if row["original_id"]]
    assert [row["original_id"] for row in former] == [post["id"]]
    assert all(row["delete_at"] for row in former)


def test_a_bot_archives_and_neither_restores_nor_makes_private(site: Site) -> None:
    made = good(
        site.bot.post(
            "/channels",
            {
                "team_id": site.team["id"],
                "name": site.new_name(),
                "display_name": "Room",
                "type": "O",
            },
        )
    )
    refused(site.bot.put(f"/channels/{made['id']}/privacy", {"privacy": "P"}), 403)
    good(site.bot.delete(f"/channels/{made['id']}"))
    refused(site.bot.post(f"/channels/{made['id']}/restore"), 403)
    listed = good(site.bot.get(f"/teams/{site.team['id']}/channels/deleted", per_page=200))
    assert made["id"] in [row["id"] for row in listed]


def test_the_life_of_a_room(rooms: Rooms, site: Site) -> None:
    incident = rooms.incident("Life of a room")
    opened = open_room(rooms.context(), rooms.change(incident), by=site.person["id"])
    assert (opened.is_new, opened.problems) == (True, ())
    assert set(opened.room.done) == set(furnishing.STEPS)
    room = opened.room
    shown = good(site.bot.get(f"/channels/{room.channel_id}"))
    assert "Room of" in shown["header"]
    pinned = good(site.bot.get(f"/channels/{room.channel_id}/pinned"))
    assert list(pinned["posts"]) == [room.post_id]
    members = own_channels.members(rooms.context().mattermost, room.channel_id)
    assert site.person["id"] in members
    assert not open_room(rooms.context(), rooms.change(incident)).is_new

    sent: List[Any] = []

    class Sent:
        def dispatch(self, trigger: str, payload: Any, *, trace_tag: str) -> None:
            sent.append((trigger, payload))

    listener = RoomListener(rooms.context(), Sent(), rooms.log)  # type: ignore[arg-type]
    listener.look()
    post = good(site.people.create_post(room.channel_id, "note: heard"))
    time.sleep(0.01)
    listener.look()
    assert [(one["verb"], one["post_id"]) for _, one in sent] == [("note", post["id"])]
    assert listener.look() == 0

    rooms.pagerduty.account.resolve(incident, "Ada Lovelace")
    context, change = rooms.context(), rooms.change(incident)
    following.follow(context, change, posting.make_publisher(context).repaint(change))
    time.sleep(1.1)
    assert tending.tend(rooms.context()).problems == []
    assert good(site.admin.get(f"/channels/{room.channel_id}"))["delete_at"]
    assert RoomRecords(rooms.context().store).every() == []

    rooms.pagerduty.account.reopen(incident, "Ada Lovelace")
    context, change = rooms.context(), rooms.change(incident)
    following.follow(context, change, posting.make_publisher(context).repaint(change))
    assert good(site.admin.get(f"/channels/{room.channel_id}"))["delete_at"], "a plain bot"
    good(site.admin.post(f"/channels/{room.channel_id}/restore"))
    assert tending.tend(rooms.context()).back == (incident.id,)
    own_channels.archive(rooms.context().mattermost, room.channel_id)


def test_opened_by_many_at_once_and_killed_each_incident_has_one_room(rooms: Rooms) -> None:
    incidents = [rooms.incident("Same title") for _ in range(INCIDENTS)]
    changes = [rooms.change(one) for one in incidents]
    titles = ("Same title", "Another title", "A third one")
    failed: List[str] = []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        for change in changes:
            shown = change.incident._replace(title=chance.choice(titles))
            try:
                open_room(rooms.killable(), change._replace(incident=shown))
            except Killed:
                pass
            except Exception as error:
                failed.append(f"{type(error).__name__}: {error}")

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(WORKERS)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert failed == []
    round_ = tending.tend(_later(rooms))
    assert round_.problems == []
    for incident in incidents:
        (room,) = RoomRecords(rooms.context().store).of(incident.id)
        assert [one.id for one in rooms.made(incident)] == [room.channel_id]
        assert set(room.done) == set(furnishing.STEPS)
        own_channels.archive(rooms.context().mattermost, room.channel_id)


def _later(rooms: Rooms) -> Context:
    """Two minutes on, as nobody is making a room any more."""
    return Context(rooms.raw(), rooms.datastore, rooms.log, clock=lambda: time.time() + 120)
