"""What people type after `/pd`: for each verb a phrase, and what has to come of it.

In a phrase `{one}` and `{two}` are numbers of incidents, `{id}` the id of the first. `effect`
looks at PagerDuty's account (and the room, for channels); `card` is what the incident's card says
afterwards.
"""

# flake8: noqa: E203,W503

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
    until(lambda: room_of(room, one) and len(room_of(room, one).members) > 1, 60)


def with_retrospective(room: Any, one: Any) -> None:
    typed(room, f"retrospective {one.number} ~ops")
    until(lambda: any("Retrospective of" in p.message for p in room.mattermost.posts("ops")), 10)


def with_follow_up(room: Any, one: Any) -> None:
    typed(room, f"followup add {one.number} Raise the pool size")
    if hasattr(room, "app"):  # elsewhere it is done when it was typed
        until(lambda: room.app.store.list("pagerduty.retro."), 10)


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
        until(lambda: "outage" in saved_playbooks(room), 60)


def with_deleted_playbook(room: Any) -> None:
    with_saved_playbook(room)
    typed(room, "playbook delete outage")
    if hasattr(room, "person"):
        ada = room.person("ada")
        (asked,) = until(ada.dialogs, 60)
        ada.submit(asked, {})
    until(lambda: "outage" not in saved_playbooks(room), 60)


def _direct(room: Any, who: str) -> str:
    return "\n".join(text_of(post) for post in room.direct(who))


def playbook_of(room: Any, one: Any) -> str:
    """The playbook post in its room, empty while there is none."""
    return next((text for text in _texts(room, one) if text.startswith("📋 Playbook")), "")


def all_of(room: Any, one: Any) -> str:
    return "\n".join(_texts(room, one))


def _texts(room: Any, one: Any) -> List[str]:
    channel = room_of(room, one)
    if channel is None:
        return []
    return [text_of(post) for post in room.mattermost.posts(channel) if not post.delete_at]


def with_playbook(room: Any, one: Any) -> None:
    typed(room, f"start major-incident {one.number}")
    until(lambda: playbook_of(room, one), 60)


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
    until(lambda: room_of(room, one).delete_at, 60)


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

ROWS: Tuple[Row, ...] = (
    Row("list [all | on <service>] [page 2]", "list on Checkout API", "incident"),
    Row("room [id]", "room {one}", "Opened the room", lambda room, one: room_of(room, one)),
    Row(
        "start [playbook] [id]",
        "start major-incident {one}",
        "Started **Major incident** in",
        lambda room, one: "1.1 Say in one sentence" in playbook_of(room, one),
    ),
    Row(
        "check <task> [done|open|skip|?]",
        "check {one} 1.1 done",
        "1.1 Say in one sentence what customers see",
        lambda room, one: "✅ ~~1.1 Say in one sentence" in playbook_of(room, one),
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "stage [next|prev|<number>]",
        "stage {one} 2 --anyway",
        "It is at **2 Find and stop the harm** now",
        lambda room, one: "Find and stop the harm** · 0/4 · now" in playbook_of(room, one),
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "tasks [id]",
        "tasks {one}",
        "1.1 Say in one sentence what customers see",
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "todo",
        "todo",
        "Say in one sentence what customers see",
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "commander [id] [@user|me|nobody]",
        "commander {one} @grace",
        "commander: grace",
        lambda room, one: "commander grace" in playbook_of(room, one),
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "role [id] [name] [@user|me|nobody]",
        "role {one} commander @linus",
        "commander: linus",
        lambda room, one: "commander linus" in playbook_of(room, one),
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "update [id] [text]",
        "update {one} Errors are down",
        "Status update 1 is given in the room",
        lambda room, one: "Errors are down" in all_of(room, one),
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "remind [id] [30m|14:30|off]",
        "remind {one} 45m",
        "The next status update is due at",
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "update-request [id]",
        "update-request {one}",
        "The room is asked for a status update",
        lambda room, one: "asks for a status update" in all_of(room, one),
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "follow [id]",
        "follow {one}",
        "You get each status update as a direct message",
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "unfollow [id]",
        "unfollow {one}",
        "You get no more status updates",
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "end [id]",
        "end {one} --anyway",
        "The playbook is over",
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "restart [id]",
        "restart {one}",
        "It is not over",
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "triage end [id]",
        "triage end {one}",
        "It is not in triage",
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "call commander",
        "call commander {one}",
        "Called",
        lambda room, one: "asks for you" in all_of(room, one),
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "mark <link to a post>",
        "mark {one} https://chat.example.com/ops/pl/" + "x" * 26,
        "that post is not there any more",
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "assign <task> <@user|me|nobody|on-call|role>",
        "assign {one} 1.3 @grace",
        "1.3 Set the priority · grace",
        lambda room, one: "1.3 Set the priority · grace" in playbook_of(room, one),
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        'task add [stage] "<text>"',
        'task add {one} 2 "Call the bank" --due 30m',
        "Call the bank · due",
        lambda room, one: "Call the bank" in playbook_of(room, one),
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        'task edit <task> "<text>"',
        'task edit {one} 1.3 "Say how bad it is"',
        "1.3 Say how bad it is",
        lambda room, one: "1.3 Say how bad it is" in playbook_of(room, one),
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "task due <task> <30m|14:30|off>",
        "task due {one} 1.3 30m",
        "1.3 Set the priority · due",
        lambda room, one: "1.3 Set the priority · due" in playbook_of(room, one),
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "task move <task> <stage|task>",
        "task move {one} 1.3 2",
        "Set the priority",
        lambda room, one: "2.5 Set the priority" in playbook_of(room, one),
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "task run <task>",
        "task run {one} 1.2",
        "Acknowledged",
        lambda room, one: one.status == "acknowledged",
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row(
        "task remove <task>",
        "task remove {one} 1.3",
        "Removed 1.3 Set the priority",
        lambda room, one: "Set the priority" not in playbook_of(room, one),
        prepare=lambda room, one: with_playbook(room, one),
    ),
    Row("rooms", "rooms", "inc-", prepare=lambda room, one: with_room(room, one)),
    Row("rooms ended", "rooms ended", "No room of an incident that is over"),
    Row("info [id]", "info {one}", "It has no room"),
    Row(
        "invite [id] <@people>",
        "invite {one} @mei",
        "mei",
        lambda room, one: room.mattermost.user("mei").id in room_of(room, one).members,
        prepare=lambda room, one: with_room(room, one),
    ),
    Row(
        "announce [id] <~channels>",
        "announce {one} ~ops",
        "is announced in",
        lambda room, one: any(one.title in text_of(p) for p in room.mattermost.posts("ops")),
    ),
    Row("room adopt [id]", "room adopt {one}", "is the room of", channel="incidents-p1"),
    Row(
        "room archive [id]",
        "room archive {one}",
        "is archived",
        lambda room, one: room_of(room, one).delete_at,
        prepare=lambda room, one: with_room(room, one),
    ),
    Row(
        "room restore [id]",
        "room restore {one}",
        "open again",
        lambda room, one: not room_of(room, one).delete_at and plain_bot(room),
        prepare=lambda room, one: (archived_room(room, one), plain_bot(room, False)),
    ),
    Row(
        "room rename [id] <name>",
        'room rename {one} "War room {one}"',
        "is called",
        lambda room, one: room_of(room, one).name == f"war-room-{one.number}",
        prepare=lambda room, one: with_room(room, one),
    ),
    Row(
        "room private [id]",
        "room private {one}",
        "is private now",
        lambda room, one: room_of(room, one).type == "P" and plain_bot(room),
        prepare=lambda room, one: (with_room(room, one), plain_bot(room, False)),
    ),
    Row(
        "room export [id] [md|html|csv|json]",
        "room export {one} html",
        "was sent to you",
        lambda room, one: "The room" in _direct(room, "ada"),
        prepare=lambda room, one: with_room(room, one),
    ),
    Row(
        "retrospective [id] [~channel]",
        "retrospective {one} ~incidents",
        "is posted",
        lambda room, one: any(
            "Retrospective of" in post.message for post in room.mattermost.posts("incidents")
        ),
    ),
    Row(
        "retrospective publish [id]",
        "retrospective publish {one}",
        "is published",
        prepare=lambda room, one: with_retrospective(room, one),
    ),
    Row(
        'retrospective cancel [id] ["<why>"]',
        'retrospective cancel {one} "known cause"',
        "There will be no retrospective",
        prepare=lambda room, one: with_retrospective(room, one),
    ),
    Row("retrospective status [id]", "retrospective status {one}", "has no retrospective"),
    Row(
        "followup add [id] <what> [@who] [by <when>]",
        "followup add {one} Raise the pool size @grace by friday",
        "Raise the pool size",
    ),
    Row(
        "followup done [id] F<n>",
        "followup done {one} F1",
        "done",
        prepare=lambda room, one: with_follow_up(room, one),
    ),
    Row(
        "followup drop [id] F<n>",
        "followup drop {one} F1",
        "dropped",
        prepare=lambda room, one: with_follow_up(room, one),
    ),
    Row("followups [mine]", "followups", "follow-up"),
    Row(
        'convert "<title>" on <service>',
        'convert "Checkout is odd" on Billing Jobs',
        "is the room of",
        channel="ops",
        public=True,
    ),
    Row(
        "cancel [id] [why]",
        "cancel {one} it was a test",
        "Cancelled and resolved",
        lambda room, one: one.status == "resolved" and "Cancelled: it was a test" in notes(one),
    ),
    Row("list mine [page 2]", "list mine", "assigned to Ada Lovelace"),
    Row(
        "show [id]",
        "show https://acme.pagerduty.com/incidents/{id}?from=mail",
        "assigned to Ada Lovelace",
    ),
    Row("timeline [id]", "timeline {one}", "Triggered on"),
    Row(
        "timeline [id] md|html|csv|json|png",
        "timeline {one} md",
        "was sent to you",
        lambda room, one: "Timeline of" in _direct(room, "ada"),
    ),
    Row(
        "timeline seal [id]",
        "timeline seal {one}",
        "is sealed with",
        lambda room, one: any("SHA-256" in note for note in notes(one)),
    ),
    Row(
        "timeline verify [id]",
        "timeline verify {one}",
        "are as they were sealed",
        prepare=lambda room, one: (
            typed(room, f"timeline seal {one.number}")
            or until(lambda: any("SHA-256" in note for note in notes(one)), 60)
        ),
    ),
    Row("catchup [id]", "catchup {one}", "Assigned to"),
    Row(
        "report picture [7d] [on <service>]",
        "report picture 30d",
        "was sent to you" if find_spec("matplotlib") else "needs matplotlib",
    ),
    Row("report [7d] [on <service>]", "report 30d", "### Incidents"),
    Row("similar [id]", "similar {one}", "like"),
    Row("changes [id]", "changes {one}", "before"),
    Row(
        "notes [id]",
        "notes {one}",
        "Seen before",
        prepare=lambda room, one: room.pagerduty.annotate(one, "Seen before"),
    ),
    Row(
        'trigger "<title>" on <service>',
        'trigger "Disk @all full" on Billing Jobs --priority P2 --urgency low --assign '
        '@grace --details "/dev/sda1"',
        "in the name of `ada@example.com`",
        lambda room, one: (
            (
                newest(room).title,
                newest(room).urgency,
                newest(room).body,
                priority(room, newest(room)),
            )
            == ("Disk @all full", "low", "/dev/sda1", "P2")
            and assignees(room, newest(room)) == ("Grace Hopper",)
        ),
    ),
    Row(
        "declare [title | link to a post]",
        "declare Shop is down",
        "in the name of `ada@example.com`",
        lambda room, one: (newest(room).title, newest(room).body) == ("Shop is down", "All of it"),
        dialog={"title": "Shop is down", "service": "Storefront", "details": "All of it"},
    ),
    Row(
        "ack mine",
        "ack mine",
        "Acknowledged",
        lambda room, one: acknowledged_by(room, one, "Grace Hopper"),
        "Acknowledged",
        confirms=True,
        prepare=lambda room, one: room.pagerduty.reassign(one, ["Grace Hopper"]),
        who="grace",
    ),
    Row(
        "ack [ids]",
        "ack {one}",
        "Acknowledged",
        lambda room, one: acknowledged_by(room, one, "Ada Lovelace"),
        "Acknowledged",
    ),
    Row(
        "resolve [ids] [note]",
        "resolve {one} Rolled back",
        "Resolved",
        lambda room, one: (one.status, notes(one)) == ("resolved", ("Rolled back",)),
        "Resolved",
    ),
    Row(
        "mitigate [id] [text]",
        "mitigate {one} Traffic moved",
        "is marked as mitigated",
        lambda room, one: (
            acknowledged_by(room, one, "Ada Lovelace")
            and notes(one) == ("Mitigated: Traffic moved",)
            and [update["message"] for update in one.status_updates]
            == ["Mitigated: Traffic moved"]
        ),
        "Mitigated",
    ),
    Row(
        "unack [id]",
        "unack {one}",
        "triggered again",
        lambda room, one: one.status == "triggered",
        "Triggered",
        "acknowledged",
    ),
    Row(
        "reopen [id]",
        "reopen {one}",
        "open again",
        lambda room, one: one.is_open,
        "Triggered",
        "resolved",
    ),
    Row(
        "note [id] <text>",
        "note {one} Looking",
        "Noted on",
        lambda room, one: notes(one) == ("Looking",),
    ),
    Row(
        "escalate [id] [level | policy]",
        "escalate {one} 2",
        "Escalated",
        lambda room, one: assignees(room, one) == ("Grace Hopper",),
        "Grace Hopper",
    ),
    Row(
        "reassign [id] <@user or policy>",
        "reassign {one} @mei, linus@example.com",
        "is assigned to Mei Tanaka, Linus Example",
        lambda room, one: set(assignees(room, one)) == {"Mei Tanaka", "Linus Example"},
        "@mei, Linus Example",
    ),
    Row(
        "add-responder [id] <@user>",
        "add-responder {one} @olu",
        "Asked Olu Adeyemi to help",
        lambda room, one: (
            [asked.user_id for asked in one.responders] == [user(room, "Olu Adeyemi")]
        ),
    ),
    Row(
        "snooze [id] <2h>",
        "snooze {one} for 2h",
        "Snoozed ",
        lambda room, one: has_entry(one, "snooze"),
        status="acknowledged",
    ),
    Row(
        "merge <ids> into <id>",
        "merge {two} into {one}",
        "Merged",
        lambda room, one: any(
            other.merged_into == one.id for other in room.pagerduty.incidents.values()
        ),
        needs=2,
        confirms=True,
    ),
    Row(
        "priority [id] <P1>",
        "priority {one} P1",
        "has the priority P1",
        lambda room, one: priority(room, one) == "P1",
        "P1",
    ),
    Row(
        "urgency [id] <high or low>",
        "urgency {one} low",
        "has low urgency",
        lambda room, one: one.urgency == "low",
    ),
    Row(
        "status [id] <text>",
        "status {one} Half of it works",
        "Status update of",
        lambda room, one: (
            [update["message"] for update in one.status_updates] == ["Half of it works"]
        ),
    ),
    Row(
        "run [id] <workflow>",
        "run {one} Major incident",
        "Started Major incident on",
        lambda room, one: has_entry(one, room.pagerduty.options.workflow_entry),
        confirms=True,
    ),
    Row("oncall [name | @user | me]", "oncall Payments escalation", "Ada Lovelace"),
    Row("oncall week <schedule>", "oncall week Platform rotation", "| day | Platform rotation |"),
    Row("oncall picture <schedule>", "oncall picture Platform rotation", PICTURE),
    Row(
        'page <@user, schedule, policy or service> "<what>"',
        'page @mei "Please look at the queue" --service Database',
        "Paged Mei Tanaka in the name of",
        lambda room, one: assignees(room, newest(room)) == ("Mei Tanaka",),
        confirms=True,
        public=True,
    ),
    Row(
        "override <schedule> [from <18:00>] for <2h> [by @user] [instead of @user]",
        "override Platform rotation from tomorrow 9:00 for 2h by @mei",
        "Mei Tanaka takes Platform rotation from",
        lambda room, one: (
            [each["user_id"] for each in overridden(room)] == [user(room, "mei@example.com")]
        ),
        confirms=True,
        public=True,
    ),
    Row("overrides <schedule>", "overrides Platform rotation", "| Mei Tanaka |"),
    Row(
        "override cancel <id>",
        "override cancel {override}",
        "The override is cancelled by",
        lambda room, one: overridden(room) == [],
        public=True,
    ),
    Row(
        "take <schedule> [for 2h]",
        "take Platform rotation for 2h",
        "takes Platform rotation from",
        lambda room, one: len(overridden(room)) == 1,
        public=True,
    ),
    Row(
        "override all from <day> to <day> by @user",
        "override all from now until 12h by @mei",
        "Mei Tanaka takes",
        lambda room, one: overridden(room)[-1]["user_id"] == user(room, "mei@example.com"),
        confirms=True,
        prepare=lambda room, one: room.pagerduty.find("schedules", "Platform rotation")["layers"][
            0
        ].update(user_ids=[user(room, "linus@example.com")]),
        who="linus",
        public=True,
    ),
    Row(
        'handover "<notes>"',
        'handover "Database is slow, see the runbook"',
        "Noted for your next hand-off",
        lambda room, one: len(room.app.store.list("pagerduty.handover.")) == 1,
        who="linus",
    ),
    Row("handover", "handover", "Database is slow", who="linus"),
    Row(
        "swap <schedule> <when>",
        "swap Platform rotation in 13h",
        "Asked who takes Platform rotation from",
        lambda room, one: bool(room.app.store.list("pagerduty.swap.")),
        who="linus",
    ),
    Row("swap cancel", "swap cancel", "withdrawn, it stays yours", who="linus"),
    Row("kept", "kept", "No page waits for PagerDuty."),
    Row("kept drop <id>", "kept drop 3f2a91c0d4", "No page 3f2a91c0d4 is kept"),
    Row("kept accept <id>", "kept accept 3f2a91c0d4", "No page 3f2a91c0d4 is kept"),
    Row("handover accept", "handover accept", "no hand-off to you", who="linus"),
    Row(
        "handover clear",
        "handover clear",
        "What you had noted is dropped.",
        lambda room, one: room.app.store.list("pagerduty.handover.") == [],
        who="linus",
    ),
    Row("notify [on | off]", "notify off", "You get no direct messages about your shifts"),
    Row("services [name]", "services Checkout", "Checkout API"),
    Row(
        "maintenance <service> [from <22:00>] for <1h>",
        "maintenance Kubernetes for 1h",
        "Kubernetes is in maintenance until",
        lambda room, one: maintained(room, "Kubernetes"),
    ),
    Row("maintenance list", "maintenance list", "Kubernetes"),
    Row(
        "maintenance end <id or service>",
        "maintenance end {window}",
        "is over",
        lambda room, one: not maintained(room, "Kubernetes"),
    ),
    Row(
        "subscribe",
        "subscribe --service Database",
        "subscribed to incidents of the service Database",
        lambda room, one: subscribed(room, "ops") == 1 and posted_in(room, "ops"),
        channel="ops",
    ),
    Row("subscriptions", "subscriptions", "1. incidents of the service Database", channel="ops"),
    Row(
        "unsubscribe [number | all]",
        "unsubscribe 1",
        "No longer subscribed",
        lambda room, one: subscribed(room, "ops") == 0,
        channel="ops",
    ),
    Row("health", "health", "| part | state |"),
    Row("deadletters [id]", "deadletters", "No failed posts or commands"),
    Row(
        "simulate [7d] [<setting>=<value>] [enable=<rule>] [disable=<rule>]",
        "simulate 1d noise.storm_incidents=7",
        "Nothing was posted",
    ),
    Row("playbook list", "playbook list", "Major incident"),
    Row("playbook show <name>", "playbook show major-incident", "name: major-incident"),
    Row(
        "playbook new <name> [from <name>]",
        "playbook new outage from major-incident",
        "outage.yaml",
        lambda room, one: "Nothing is saved until then" in _direct(room, "ada"),
    ),
    Row(
        "playbook save <link to a post>",
        "playbook save {post}",
        "is saved as version 1",
        lambda room, one: "outage" in saved_playbooks(room),
    ),
    Row(
        "playbook history <name>",
        "playbook history outage",
        "in force",
        prepare=lambda room, one: with_saved_playbook(room),
    ),
    Row(
        "playbook delete <name>",
        "playbook delete outage",
        "is deleted",
        lambda room, one: "outage" not in saved_playbooks(room),
        confirms=True,
        prepare=lambda room, one: with_saved_playbook(room),
    ),
    Row(
        "playbook restore <name> [version]",
        "playbook restore outage",
        "is saved as version",
        lambda room, one: "outage" in saved_playbooks(room),
        prepare=lambda room, one: with_deleted_playbook(room),
    ),
    Row(
        "test create-incident [playbook] [date] [name]",
        "test create-incident major-incident 2020-11-23 PR-Testing",
        "Test incident #",
        lambda room, one: newest(room).title == "[test] PR-Testing",
        prepare=lambda room, one: with_test_service(room),
    ),
    Row(
        "test bulk-data <ongoing> <ended> <from> <to> [seed]",
        "test bulk-data 1 1 2020-01-31 2020-11-22 2",
        "1 test incidents are under way, 1 are over",
        lambda room, one: newest(room).status == "resolved",
        prepare=lambda room, one: with_test_service(room),
    ),
    Row(
        "test end",
        "test end",
        "Resolved",
        lambda room, one: newest(room).status == "resolved",
        prepare=lambda room, one: with_exercise(room, "test create-incident"),
    ),
    Row(
        "drill [playbook]",
        "drill major-incident",
        "has begun in",
        lambda room, one: newest(room).title == "[drill] Major incident",
        prepare=lambda room, one: with_test_service(room),
    ),
    Row(
        "drill end",
        "drill end",
        "Exercise over",
        lambda room, one: not drill_under_way(room),
        prepare=lambda room, one: with_drill(room),
    ),
    Row("whoami", "whoami", "You are Linus Example at PagerDuty", who="linus"),
    Row("disconnect", "disconnect", "nothing is done in your name", who="linus"),
    Row("connect", "connect", "You are Linus Example at PagerDuty", who="linus"),
    Row("help [topic or command]", "help ack", "`/pd ack [ids]`"),
)


def posted_in(room: Any, channel: str) -> bool:
    """A new incident of the service that was subscribed to gets a card there."""
    made = room.incident("Database", "Replica is late")
    return bool(until(lambda: room.card(made, channel)))
