"""What people type after `/pd` about who is on call: overrides, hand-overs, swaps, pages
(command_rows.py)."""

from __future__ import annotations

from typing import Tuple

from typed_effects import PICTURE, Row, assignees, newest, overridden, user

ON_CALL: Tuple[Row, ...] = (
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
)
