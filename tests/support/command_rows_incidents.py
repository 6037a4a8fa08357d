"""What people type after `/pd` about incidents: what is read of them, and what is done with them
(command_rows.py)."""

# flake8: noqa: W503

from __future__ import annotations

from importlib.util import find_spec
from typing import Tuple

from typed_effects import (
    Row,
    acknowledged_by,
    assignees,
    direct_text,
    has_entry,
    newest,
    notes,
    priority,
    typed,
    user,
)

from sandbox.waiting import until

INCIDENTS: Tuple[Row, ...] = (
    Row("list [all | on <service>] [page 2]", "list on Checkout API", "incident"),
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
        lambda room, one: "Timeline of" in direct_text(room, "ada"),
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
            or until(lambda: any("SHA-256" in note for note in notes(one)))
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
        "is reassigned to Mei Tanaka, Linus Example",
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
)
