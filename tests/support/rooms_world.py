"""Rooms on both sandboxes with one clock that moves only when told; every run has a context of its
own, as processes have."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from datastore_double import Service as Datastore

from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.core.post_keys import PROPS_KEY
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.incidents import alert_details
from pagerduty_mattermost.incidents.incident import Change
from pagerduty_mattermost.rooms.records import RoomRecord, RoomRecords
from pagerduty_mattermost.rooms.room import OpenedRoom, open_room
from sandbox import Sandbox
from sandbox.clock import Clock
from sandbox.pagerduty import API_KEY

NOW = 1_795_232_710.0
"""21 November 2026, 01:05:10 UTC."""


class Log:
    def __init__(self) -> None:
        self.lines: List[str] = []

    def info(self, form: str, *values: Any) -> None:
        self.lines.append(form % values)

    warning = error = debug = info


class RoomsWorld:
    """Both servers, the datastore, and what people do."""

    def __init__(self, version: str = "5.37", **rooms: Any) -> None:
        self.sandbox = Sandbox(Clock(NOW), mattermost_version=version)
        self.datastore = Datastore()
        self.log = Log()
        self.rooms: Dict[str, Any] = rooms
        self.chat_settings: Dict[str, Any] = {}
        self.slept = 0.0

    def __enter__(self) -> RoomsWorld:
        self.sandbox.__enter__()
        world = self.sandbox.mattermost.world
        assert world is not None
        self.world = world
        self.chat = self.sandbox.mattermost.account
        self.pagerduty = self.sandbox.pagerduty.account
        return self

    def __exit__(self, *exc: Any) -> None:
        self.sandbox.__exit__(*exc)

    @property
    def clock(self) -> Clock:
        return self.sandbox.clock

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.clock.advance(seconds)

    def raw(self, **rooms: Any) -> Dict[str, Any]:
        """The pack's configuration as StackStorm hands it over."""
        return {
            "api_key": API_KEY,
            "api_url": self.sandbox.pagerduty.url,
            "events_url": self.sandbox.pagerduty.url,
            "from_email": "radia@example.com",
            "timeouts": {"connect": 2, "read": 5},
            "mattermost": {
                "url": self.sandbox.mattermost.url,
                "token": self.world.bot_token,
                "team": "ops",
                "default_channel": "incidents",
                "operations_channel": "ops",
            },
            "rooms": {**self.rooms, **rooms},
            "chat": self.chat_settings,
        }

    def context(self, **rooms: Any) -> Context:
        return Context(
            self.raw(**rooms),
            self.datastore,
            self.log,
            clock=self.clock,
            monotonic=self.clock,
            sleep=self.sleep,
        )

    def records(self) -> RoomRecords:
        return RoomRecords(self.context().store, self.log)

    def incident(self, title: str = "Database timeout", **fields: Any) -> Any:
        """A new incident at PagerDuty, of the service Checkout API, assigned as its escalation
        policy says."""
        return self.pagerduty.trigger("Checkout API", title, **fields)

    def change(self, incident: Any, context: Optional[Context] = None) -> Change:
        """The incident as PagerDuty has it, without events."""
        return alert_details.fetch((context or self.context()).pagerduty, incident.id)

    def card(self, incident: Any, channel: str = "incidents") -> Any:
        """Its card in a channel, as a rule posts it."""
        context = self.context()
        publisher = posting.make_publisher(context)
        publisher.show(self.change(incident, context), channel, Route("r"), due=True)
        return self.posts(channel)[-1]

    def open(self, incident: Any, *, by: str = "", **rooms: Any) -> OpenedRoom:
        context = self.context(**rooms)
        return open_room(context, self.change(incident, context), by=by)

    def room(self, incident: Any) -> RoomRecord:
        """The one room that is remembered."""
        (found,) = self.records().of(incident.id)
        return found

    def rooms_of(self, incident: Any, *, archived: bool = False) -> List[Any]:
        """Channels that were made as its room."""
        purpose = f"Room of PagerDuty incident {incident.id}"
        return [
            channel
            for channel in self.chat.state.channels.values()
            if channel.purpose == purpose and (archived or not channel.delete_at)
        ]

    def posts(self, channel: Any) -> List[Any]:
        return self.chat.posts(channel)

    def texts(self, channel: Any) -> List[str]:
        """What stands in a channel, without cards and what the server itself says."""
        return [p.message for p in self.posts(channel) if not p.props.get("attachments")]

    def cards(self, channel: Any) -> List[Any]:
        return [
            post
            for post in self.posts(channel)
            if post.props.get("attachments") and PROPS_KEY in post.props
        ]

    def members(self, channel: Any) -> List[str]:
        users = self.chat.state.users
        return sorted(users[id].username for id in self.chat.channel(channel).members)

    def user(self, name: str) -> str:
        return self.chat.user(name).id

    def requests(self, since: int = 0) -> List[str]:
        """`METHOD path` of each request to Mattermost."""
        entries = self.sandbox.journal.entries
        return [f"{e.method} {e.path}" for e in entries[since:] if e.server == "mattermost"]

    def asked_of_incidents(self) -> List[str]:
        """Paths by which PagerDuty was asked of a single incident."""
        entries = self.sandbox.journal.find(path="^/incidents/[A-Z0-9]+$", method="GET")
        return [entry.path for entry in entries]
