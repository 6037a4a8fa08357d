"""What people type after `/pd` about a playbook under way: its stages, tasks, roles and updates
(command_rows.py)."""

from __future__ import annotations

from typing import Tuple

from typed_effects import Row, all_of, playbook_of, with_playbook

RUNS: Tuple[Row, ...] = (
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
)
