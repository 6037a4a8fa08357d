"""The contract of being on call: a hand-off's post and direct message with their button, a swap
that several click at once, a page that PagerDuty does not take; by the pack's own code on the
Mattermost that is held to it, PagerDuty's side is the sandbox."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, Iterator, List, Tuple
from urllib.parse import urlsplit

import pytest
from chat_pack import Pack
from datastore_double import Service
from mattermost_site import Client, Site, good
from rooms_world import Log

from pagerduty_mattermost.chat.handle import handle
from pagerduty_mattermost.chat.orders import VALID_SECONDS
from pagerduty_mattermost.chat.perform import send_kept
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.oncall import (
    directory,
    event_pages,
    kept_pages,
    page_sending,
    swap_taking,
    swaps,
    watch,
)
from sandbox.chat_room import until
from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import API_KEY, PagerDutyServer

HOUR, DAY = 3600, 86400
Person = Tuple[str, Client]
"""Mattermost's id, and a client of theirs."""


class Duty:
    """A rota of two people by turns of a day, its channel, and the pack on both sides."""

    def __init__(self, pack: Pack, pagerduty: PagerDutyServer) -> None:
        self.pack, self.site, self.pagerduty = pack, pack.site, pagerduty
        self.account, self.clock = pagerduty.account, pagerduty.clock
        self.datastore, self.log = Service(), Log()
        self.channel = self.site.new_channel()
        self.people = [self._person() for _ in range(3)]
        first, second, third = (self._user(id) for id, _ in self.people)
        self.users = {"first": first, "second": second, "third": third}
        begin = int(self.clock()) - DAY + HOUR
        layer = {
            "id": self.account.new_id("P", 7),
            "name": "Layer",
            "start": begin,
            "end": None,
            "virtual_start": begin,
            "turn": DAY,
            "user_ids": [first, second],
            "restrictions": [],
        }
        self.rota = self.account.add(
            "schedules",
            "Rota",
            time_zone="UTC",
            description="",
            team_ids=[],
            layers=[layer],
            overrides=[],
        )
        rules = [
            {"id": self.account.new_id("P", 7), "delay": 30, "targets": [("schedule", self.id)]}
        ]
        policy = self.account.add(
            "escalation_policies", "Policy", description="", num_loops=0, rules=rules, team_ids=[]
        )
        self.account.find("services", "Database")["escalation_policy_id"] = policy["id"]

    @property
    def id(self) -> str:
        return str(self.rota["id"])

    def _person(self) -> Person:
        made = self.site.stranger()
        path = f"/channels/{self.channel['id']}/members"
        good(self.site.admin.post(path, {"user_id": made["id"]}))
        return made["id"], self.site.client_of(made["id"])

    def _user(self, account_id: str) -> str:
        found = good(self.site.admin.get(f"/users/{account_id}"))
        made = self.account.add(
            "users", found["username"], email=found["email"], role="user", team_ids=[]
        )
        return str(made["id"])

    def context(self) -> Context:
        keys = {row["name"]: row["key"] for row in self.account.catalog["integrations"].values()}
        raw = {
            **self.pack.raw,
            "api_key": API_KEY,
            "api_url": self.pagerduty.url,
            "events_url": self.pagerduty.url,
            "events": {"routing_key": keys["Database Events API v2"]},
            "oncall": {
                "channels": {"Rota": self.channel["name"]},
                "contact_check_before": 0,
                "remind_before": 0,
            },
        }
        return Context(raw, self.datastore, self.log, clock=self.clock)

    def look(self) -> Dict[str, Any]:
        found: Dict[str, Any] = watch.run(self.context(), by_sensor=False, groups=tuple)
        return found

    def posts(self, channel_id: str = "") -> List[Dict[str, Any]]:
        """Of people and bots, oldest first."""
        path = f"/channels/{channel_id or self.channel['id']}/posts"
        body = good(self.site.bot.get(path))
        rows = [body["posts"][id] for id in reversed(body["order"])]
        return [row for row in rows if not row["type"]]

    def direct(self, number: int) -> List[Dict[str, Any]]:
        pair = [self.site.bot_id, self.people[number][0]]
        return self.posts(good(self.site.bot.post("/channels/direct", pair))["id"])

    def click(self, number: int, post: Dict[str, Any]) -> Dict[str, Any]:
        """What the pack is given by a click on the post's one button."""
        (action,) = post["props"]["attachments"][0]["actions"]
        before = len(self.pack.orders())
        good(self.people[number][1].post(f"/posts/{post['id']}/actions/{action['id']}"))
        return until(  # type: ignore[no-any-return]
            lambda: next(
                (
                    one
                    for one in self.pack.orders(before)
                    if one["user_id"] == self.people[number][0]
                ),
                None,
            )
        )

    def carried_out(self, order: Dict[str, Any]) -> Dict[str, Any]:
        return handle(self.context(), {**order, "valid_until": self.clock() + VALID_SECONDS})


def buttons(post: Dict[str, Any]) -> List[str]:
    shown = (post.get("props") or {}).get("attachments") or []
    return [action["name"] for one in shown for action in one.get("actions") or ()]


@pytest.fixture(scope="module")
def pack(site: Site) -> Iterator[Pack]:
    url = os.environ.get("MATTERMOST_CALLBACK_URL", "") if site.account is None else ""
    bind = os.environ.get("MATTERMOST_CALLBACK_BIND", "") if site.account is None else ""
    if url and not bind:
        bind = f"127.0.0.1:{urlsplit(url).port or 8090}"
    made = Pack(site, url, bind)
    yield made
    made.close()


@pytest.fixture
def duty(pack: Pack) -> Iterator[Duty]:
    clock = Clock()
    with PagerDutyServer(SandboxJournal(clock), clock) as pagerduty:
        pagerduty.account.set_options(rate_limit=None)
        yield Duty(pack, pagerduty)


def test_a_hand_off_is_posted_once_and_its_button_takes_it(duty: Duty) -> None:
    duty.look()
    duty.clock.advance(HOUR + 60)
    duty.look()
    duty.look()
    (post,) = duty.posts()
    (private,) = duty.direct(1)
    assert "on call since" in post["message"]
    assert buttons(post) == buttons(private) == ["I have it"]
    order = duty.click(1, private)
    assert (order["kind"], order["verb"]) == ("click", "handover_accept")
    duty.carried_out(order)
    for one in (duty.posts()[0], duty.direct(1)[0]):
        assert " has it since " in one["message"]
        assert buttons(one) == []
    assert len(duty.posts()) == 1


def test_who_did_not_come_on_call_is_refused_in_private(duty: Duty) -> None:
    duty.look()
    duty.clock.advance(HOUR + 60)
    duty.look()
    order = duty.click(2, duty.posts()[0])
    before = len(duty.direct(2))
    with pytest.raises(Exception, match="only who came on call may say so"):
        duty.carried_out(order)
    assert "only who came on call may say so" in duty.direct(2)[before]["message"]
    assert buttons(duty.posts()[0]) == ["I have it"]


def test_a_swap_that_two_click_at_once_is_one_override(duty: Duty) -> None:
    context = duty.context()
    schedule = Reference("schedule", duty.id, "Rota")
    asker = context.pagerduty.get(f"/users/{duty.users['second']}")["user"]
    person = Reference("user", asker["id"], asker["name"], asker["email"])
    shift = swaps.find_shift(context, schedule, person.id, duty.clock() + 2 * HOUR)
    assert shift is not None
    asked = swaps.ask(context, shift, person, swaps.channel_of(context, schedule))
    assert asked is not None
    (post,) = duty.posts()
    assert buttons(post) == ["I take it"]
    orders = [duty.click(number, post) for number in (0, 2)]
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(duty.carried_out, orders))
    assert len(duty.rota["overrides"]) == 1
    assert len(done) == 2
    root, answer = duty.posts()
    assert buttons(root) == []
    assert answer["root_id"] == root["id"]
    assert answer["message"].startswith(":white_check_mark: ")
    assert swap_taking.look_after(duty.context(), shift.start - 600) == 0


def test_a_page_that_pagerduty_does_not_take_reaches_people_and_is_sent_once(
    duty: Duty,
) -> None:
    directory.refresh(duty.context())
    duty.pagerduty.faults.add("status", status=503)
    context = duty.context()
    given = {"summary": "Disk full", "source": "db-1", "severity": "critical"}
    routing = context.settings.pagerduty.routing_key.reveal()
    result = event_pages.send(
        context, "trigger", routing, given, dedup_key=duty.channel["id"], keep=True
    )
    assert result["status"] == "kept"
    (private,) = duty.direct(0)
    assert "pages you past PagerDuty" in private["message"]
    assert buttons(private) == ["I have it"]
    duty.carried_out(duty.click(0, private))
    kept, taken = duty.posts()
    assert "is not at PagerDuty yet" in kept["message"]
    assert " has “Disk full” since " in taken["message"]
    assert buttons(kept) == buttons(duty.direct(0)[0]) == []
    duty.pagerduty.faults.clear()
    duty.clock.advance(120)
    for _ in range(2):
        page_sending.send_waiting(duty.context(), send_kept)
    assert len(duty.account.incidents) == 1
    assert "is at PagerDuty now" in duty.posts()[-1]["message"]
    assert len(duty.posts()) == 3
    assert kept_pages.waiting(duty.context().store) == []
