"""What tests of who is on call stand on: both sandboxes on one clock, and schedules with turns in
a time zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Dict, List, Optional, Sequence

from dateutil import tz
from dateutil.parser import isoparse
from example_case import ExampleCase

from sandbox.clock import iso

ZONE = "Europe/Berlin"
HOUR, DAY = 3600, 86400


def moment(*parts: int) -> float:
    """Seconds since the epoch of a local time in ZONE."""
    return datetime(*parts, tzinfo=tz.gettz(ZONE)).timestamp()  # type: ignore[arg-type,misc]


def _zoned(at: float) -> Dict[str, str]:
    return {"date_time": iso(at), "time_zone": ZONE}


def _wall(zoned: Dict[str, str]) -> datetime:
    """What the clocks of ZONE show then."""
    return isoparse(zoned["date_time"]).astimezone(tz.gettz(ZONE)).replace(tzinfo=None)


def _epoch(wall: datetime) -> float:
    return wall.replace(tzinfo=tz.gettz(ZONE)).timestamp()


class OnCallCase(ExampleCase):
    __test__ = False

    def setUp(self) -> None:
        super().setUp()
        self.settings["time_zone"] = ZONE
        self.settings["timeouts"] = {"connect": 5, "read": 10}
        self.at(moment(2026, 11, 23, 10))  # a Monday

    def at(self, now: float) -> None:
        """It is that time at both sides and for the actions."""
        self.now = now
        self.server.clock.set(now)
        self.chat.clock.set(now)

    def user(self, name: str) -> str:
        return self.id("users", name)

    def schedule(
        self,
        name: str,
        people: Sequence[str],
        *,
        start: float,
        turn: int = DAY,
        windows: Sequence[Any] = (),
    ) -> Dict[str, Any]:
        layer = {
            "id": self.account.new_id("P", 7),
            "name": "Layer 1",
            "start": int(start),
            "end": None,
            "virtual_start": int(start),
            "turn": turn,
            "user_ids": [self.user(person) for person in people],
            "restrictions": list(windows),
        }
        made: Dict[str, Any] = self.account.add(
            "schedules",
            name,
            time_zone=ZONE,
            description="",
            team_ids=[],
            layers=[layer],
            overrides=[],
        )
        return made

    def begins(self, schedule: Dict[str, Any], at: float) -> None:
        """Its turns begin at that time, whichever kind it is."""
        for layer in schedule["layers"]:
            layer.update(start=int(at), virtual_start=int(at))
        for rotation in schedule.get("rotations", ()):
            for event in rotation["events"]:
                length = _wall(event["end"]) - _wall(event["start"])
                event["start"] = _zoned(at)
                event["end"] = _zoned(_epoch(_wall(event["start"]) + length))
                event["effective_since"] = int(at)

    def only(self, schedule: Dict[str, Any], time_of_day: str, hours: int) -> None:
        """Of each day only these hours, from the time at which its turns begin."""
        for layer in schedule["layers"]:
            layer["restrictions"] = [
                {
                    "type": "daily_restriction",
                    "start_time_of_day": time_of_day,
                    "duration_seconds": hours * HOUR,
                }
            ]
        for rotation in schedule.get("rotations", ()):
            for event in rotation["events"]:
                end = _wall(event["start"]) + timedelta(hours=hours)
                event["end"] = _zoned(_epoch(end))

    def policy(self, name: str, *levels: Sequence[Any]) -> Dict[str, Any]:
        rules = [
            {"id": self.account.new_id("P", 7), "delay": 30, "targets": list(targets)}
            for targets in levels
        ]
        made: Dict[str, Any] = self.account.add(
            "escalation_policies", name, description="", num_loops=0, rules=rules, team_ids=[]
        )
        return made

    def messages(self, channel: str = "incidents") -> List[str]:
        return self.chat.messages(channel)

    def members(self, channel: str) -> List[str]:
        ids = self.chat.service.channel(channel).members
        return sorted(self.chat.service.user(id).username for id in ids)

    def told(self, channel: str, kind: Optional[str] = None) -> List[str]:
        """What the server itself says in a channel."""
        posts = self.chat.service.posts(channel, system=True)
        return [
            post.message
            for post in posts
            if post.type.startswith("system_") and kind in (None, post.type)
        ]

    def requests(self) -> int:
        return len(self.server.journal.entries)
