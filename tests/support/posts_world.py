"""An incident's cards in the sandbox Mattermost; every run has a gateway and a store of its own,
as processes have."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from chat_world import NOW, Chat
from datastore_double import Service as Datastore

from pagerduty_mattermost.cards.card import message_line
from pagerduty_mattermost.cards.outcome import CardOutcome
from pagerduty_mattermost.cards.publisher import CardPublisher
from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.post_keys import PROPS_KEY
from pagerduty_mattermost.gateways.mattermost.channels import Channels
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change, Incident, IncidentEvent, Person

ANN, BOB = Person("PANN", "Ann"), Person("PBOB", "Bob")


def at(seconds: float) -> str:
    """ISO time so many seconds after the incident began."""
    return times.iso(NOW + seconds)


INCIDENT = Incident(
    id="PINC1",
    number=7,
    title="Disk full",
    url="https://acme.pagerduty.com/incidents/PINC1",
    urgency="high",
    service="Checkout",
    service_id="PSVC",
    escalation_policy_id="PPOL",
    assignees=(ANN,),
    created_at=at(0),
    updated_at=at(0),
    summary="df says 100%",
    conference_url="https://meet.example/7",
)


def event(
    number: int, kind: str, seconds: float, agent: Person = ANN, **changes: str
) -> IncidentEvent:
    return IncidentEvent(
        f"R{number}", f"incident.{kind}", at(seconds), agent, tuple(changes.items())
    )


TRIGGERED = Change(INCIDENT, (event(1, "triggered", 0, Person("PINT", "Datadog")),), 1)
ACKED = Change(
    INCIDENT._replace(
        status="acknowledged",
        updated_at=at(30),
        acknowledgers=(ANN._replace(at=at(30)),),
        summary="",
        conference_url="",
    ),
    (event(2, "acknowledged", 30),),
    2,
)
RESOLVED = Change(
    INCIDENT._replace(
        status="resolved",
        updated_at=at(60),
        resolved_at=at(60),
        resolved_by="Ann",
        assignees=(),
        summary="",
    ),
    (event(3, "resolved", 60),),
    3,
)
STORY = (TRIGGERED, ACKED, RESOLVED)


class Log:
    def __init__(self) -> None:
        self.lines: List[str] = []

    def info(self, form: str, *values: Any) -> None:
        self.lines.append(form % values)

    warning = info


class Wall:
    """The chat, the datastore, and what was complained of."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.datastore = Datastore()
        self.complaints: List[str] = []
        self.log = Log()

    def posts(self, **options: Any) -> CardPublisher:
        mattermost = options.pop("mattermost", None) or self.chat.gateway()
        store = Store(self.datastore, sleep=lambda _: None)
        channels = Channels(
            mattermost, store, notify=lambda error: self.complaints.append(str(error))
        )
        terms: Dict[str, Any] = {
            "log": self.log,
            "clock": self.chat.clock,
            "monotonic": self.chat.clock,
            **options,
        }
        return CardPublisher(mattermost, store, channels, **terms)

    def show(
        self,
        change: Change,
        channel: str = "incidents",
        route: Route = Route(),  # noqa: B008
        **options: Any,
    ) -> CardOutcome:
        return self.posts(**options).show(change, channel, route)

    def repaint(self, change: Change, *, chosen_in: str = "", **options: Any) -> List[CardOutcome]:
        return self.posts(**options).repaint(change, chosen_in=chosen_in)

    def card(self, channel: str = "incidents") -> Any:
        """The one card that stands in the channel."""
        found = [post for post in self.chat.service.posts(channel) if PROPS_KEY in post.props]
        assert len(found) == 1, [post.message for post in found]
        return found[0]

    def cards(self, channel: str = "incidents") -> int:
        return len([post for post in self.chat.service.posts(channel) if PROPS_KEY in post.props])

    def replies(self, channel: str = "incidents") -> List[str]:
        """Ids of the events that were replied, in order."""
        thread = self.chat.service.thread(self.card(channel))
        return [str(post.props[PROPS_KEY].get("event", "checklist")) for post in thread]

    def texts(self, channel: str = "incidents") -> List[str]:
        return [post.message for post in self.chat.service.thread(self.card(channel))]

    def shows(self, incident: Incident, channel: str = "incidents") -> bool:
        return bool(self.card(channel).message.startswith(message_line(incident)))

    def long_after(self) -> None:
        """An hour on, Mattermost's memory of keys empty."""
        self.chat.clock.advance(3700)
        self.chat.service.forget_pending()

    def keys(self, part: str) -> Tuple[str, ...]:
        return tuple(key for key in sorted(self.datastore.items) if part in key)
