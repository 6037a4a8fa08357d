"""What a row of what people type after `/pd` holds (command_rows.py), what has to be there before
it, and what is seen of it afterwards."""

# flake8: noqa: E203

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from embedded_room import text_of

from sandbox.pagerduty.seed import service
from sandbox.waiting import until

Effect = Callable[[Any, Any], Any]


POLICIES = "escalation_policies"


class Row(NamedTuple):
    usage: str
    """Of the verb."""
    phrase: str
    answer: str
    """Something that who typed it is told."""
    effect: Effect = lambda room, one: True
    card: str = ""
    status: str = "triggered"
    """Of the incident it is about."""
    needs: int = 1
    """Incidents."""
    confirms: bool = False
    """Whether it is asked about first."""
    prepare: Effect = lambda room, one: None
    channel: str = "incidents"
    who: str = "ada"
    public: bool = False
    """Whether the channel sees the answer."""
    dialog: Dict[str, Any] = {}
    """What is filled in, where the command opens a dialog."""


def user(room: Any, name: str) -> str:
    return str(room.pagerduty.find("users", name)["id"])


def notes(one: Any) -> Tuple[str, ...]:
    return tuple(note.content for note in one.notes)


def newest(room: Any) -> Any:
    return max(room.pagerduty.incidents.values(), key=lambda one: one.number)


def room_of(room: Any, one: Any) -> Any:
    """The channel that was made as its room; None while there is none."""
    channels = room.mattermost.state.channels.values()
    return next((c for c in channels if c.purpose.endswith(one.id)), None)


def typed(room: Any, line: str) -> None:
    """By Ada, in the channel incidents."""
    if hasattr(room, "person"):
        room.person("ada").command("incidents", f"/pd {line}")
    else:
        room.say(line)


def with_room(room: Any, one: Any) -> None:
    typed(room, f"room {one.number}")
    until(lambda: room_of(room, one) and len(room_of(room, one).members) > 1)


def with_retrospective(room: Any, one: Any) -> None:
    typed(room, f"retrospective {one.number} ~ops")
    until(lambda: any("Retrospective of" in p.message for p in room.mattermost.posts("ops")))


def with_follow_up(room: Any, one: Any) -> None:
    typed(room, f"followup add {one.number} Raise the pool size")
    if hasattr(room, "app"):  # elsewhere it is done when it was typed
        until(lambda: room.app.store.list("pagerduty.retro."))


PLAYBOOK = (
    "```yaml\nname: outage\ntitle: Outage\nstages:\n  - name: First\n    tasks:\n"
    "      - {id: impact, text: Say what customers see}\n```"
)


def playbook_post(room: Any) -> str:
    """The link to a post of Ada's with a playbook in it."""
    post = room.mattermost.say("ada", "incidents", PLAYBOOK)
    return f"{room.sandbox.mattermost.url}/ops/pl/{post.id}"


def saved_playbooks(room: Any) -> Tuple[str, ...]:
    """Their names."""
    if hasattr(room, "app"):
        names = [row.name for row in room.app.store.list("pagerduty.playbook.")]
    else:
        names = [name for name in room.service.items if name.startswith("pagerduty.playbook.")]
    return tuple(name[len("pagerduty.playbook.") :] for name in names)


def with_saved_playbook(room: Any) -> None:
    if "outage" not in saved_playbooks(room):
        typed(room, f"playbook save {playbook_post(room)}")
        until(lambda: "outage" in saved_playbooks(room))


def with_deleted_playbook(room: Any) -> None:
    with_saved_playbook(room)
    typed(room, "playbook delete outage")
    if hasattr(room, "person"):
        ada = room.person("ada")
        (asked,) = until(ada.dialogs)
        ada.submit(asked, {})
    until(lambda: "outage" not in saved_playbooks(room))


def direct_text(room: Any, who: str) -> str:
    return "\n".join(text_of(post) for post in room.direct(who))


def playbook_of(room: Any, one: Any) -> str:
    """The playbook post in its room, empty while there is none."""
    return next((text for text in room_texts(room, one) if text.startswith("📋 Playbook")), "")


def all_of(room: Any, one: Any) -> str:
    return "\n".join(room_texts(room, one))


def room_texts(room: Any, one: Any) -> List[str]:
    channel = room_of(room, one)
    if channel is None:
        return []
    return [text_of(post) for post in room.mattermost.posts(channel) if not post.delete_at]


def with_playbook(room: Any, one: Any) -> None:
    typed(room, f"start major-incident {one.number}")
    until(lambda: playbook_of(room, one))


TEST_SERVICE = "Drills"
"""As the configuration of these tests names it."""


def with_test_service(room: Any) -> None:
    """There is one, and nothing is open on it."""
    services = room.pagerduty.catalog["services"].values()
    if not any(one["name"] == TEST_SERVICE for one in services):
        service(room.pagerduty, TEST_SERVICE, next(iter(room.pagerduty.catalog[POLICIES])))
    for one in room.pagerduty.incidents.values():
        if one.title.startswith(("[test]", "[drill]")) and one.status != "resolved":
            room.pagerduty.resolve(one, "ada@example.com")


def with_exercise(room: Any, line: str) -> None:
    with_test_service(room)
    count = len(room.pagerduty.incidents)
    typed(room, line)
    until(
        lambda: (
            len(room.pagerduty.incidents) > count and "📋 Playbook" in all_of(room, newest(room))
        ),
        20,
    )


def drill_under_way(room: Any) -> bool:
    incidents = room.pagerduty.incidents.values()
    return any(one.title.startswith("[drill]") and one.status != "resolved" for one in incidents)


def with_drill(room: Any) -> None:
    """One is under way, and no other."""
    if not drill_under_way(room):
        with_exercise(room, "drill")


def plain_bot(room: Any, plain: bool = True) -> bool:
    """The bot is a plain member of the team, or an admin of it."""
    room.mattermost.make_team_admin("ops", "pagerduty", not plain)
    return True


def archived_room(room: Any, one: Any) -> None:
    with_room(room, one)
    typed(room, f"room archive {one.number}")
    until(lambda: room_of(room, one).delete_at)


def priority(room: Any, one: Any) -> str:
    return str(room.pagerduty.catalog["priorities"].get(one.priority_id, {}).get("name"))


def assignees(room: Any, one: Any) -> Tuple[str, ...]:
    return tuple(room.pagerduty.catalog["users"][id]["name"] for id, _ in one.assignees)


def acknowledged_by(room: Any, one: Any, name: str) -> bool:
    return one.status == "acknowledged" and user(room, name) in [
        agent.id for agent, _ in one.acknowledgers
    ]


def overridden(room: Any) -> Any:
    return room.pagerduty.find("schedules", "Platform rotation").get("overrides", [])


def overridden_id(room: Any) -> str:
    """Of the first override, as the list shows it."""
    schedule = room.pagerduty.find("schedules", "Platform rotation")
    return f"{schedule['id']}:{''.join(one['id'] for one in overridden(room)[:1])}"


def maintained(room: Any, service: str) -> bool:
    return bool(room.pagerduty.in_maintenance(room.pagerduty.find("services", service)["id"]))


def subscribed(room: Any, channel: str) -> int:
    id = room.mattermost.channel(channel).id
    return len(room.app.store.list(f"pagerduty.subscription.{id}."))


def has_entry(one: Any, kind: str) -> bool:
    return any(entry.type == kind for entry in one.entries)


PICTURE = "Posted in ~incidents" if find_spec("matplotlib") else "needs matplotlib"
LINKED = "st2 run pagerduty.identity.link"


def posted_in(room: Any, channel: str) -> bool:
    """A new incident of the service that was subscribed to gets a card there."""
    made = room.incident("Database", "Replica is late")
    return bool(until(lambda: room.card(made, channel)))
