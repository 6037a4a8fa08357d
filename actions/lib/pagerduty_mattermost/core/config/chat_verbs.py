"""The names of what can be said in chat, as chat.allowed and chat.confirm take them: a verb's
name, or how it is typed. Held to the verbs themselves by a test: they stand above this package."""

from __future__ import annotations

import re
from typing import Mapping, Optional, Tuple

TYPED: Mapping[str, Tuple[str, ...]] = {
    "list": ("incidents", "list_all"),
    "mine": ("list_mine", "my_incidents"),
    "show": ("get", "details"),
    "timeline_file": ("timeline_export", "export_timeline"),
    "timeline": (),
    "timeline_seal": ("seal_timeline",),
    "timeline_verify": ("verify_timeline",),
    "catchup": ("catch_up",),
    "report_picture": (),
    "report": (),
    "similar": ("similar_incidents",),
    "changes": ("recent_changes", "change_events"),
    "acknowledge": ("ack", "acknowledged"),
    "acknowledge_mine": ("ack_mine", "ack_all_mine"),
    "resolve": ("resolved",),
    "mitigate": ("mitigated",),
    "unacknowledge": ("unack",),
    "reopen": (),
    "notes": (),
    "note": (),
    "create": ("trigger", "create_incident"),
    "declare": ("new", "new_incident"),
    "escalate": (),
    "reassign": ("assign",),
    "responders": ("add_responder", "add_responders", "responder"),
    "snooze": (),
    "merge": (),
    "priority": (),
    "urgency": (),
    "status_update": ("status",),
    "room": ("open_room",),
    "rooms": ("room_list",),
    "rooms_ended": ("room_ended", "ended_rooms"),
    "info": (),
    "invite": (),
    "announce": (),
    "room_adopt": ("adopt",),
    "room_archive": ("archive",),
    "room_restore": ("room_unarchive",),
    "room_rename": (),
    "room_private": (),
    "room_export": ("export_room",),
    "retrospective_publish": (),
    "retrospective_cancel": (),
    "retrospective_status": (),
    "retrospective": ("retro", "postmortem"),
    "followup_add": ("add_followup",),
    "followup_done": ("followup_close",),
    "followup_drop": (),
    "followups": ("followup_list",),
    "convert": (),
    "cancel": ("cancelled", "cancel_incident"),
    "playbook_list": ("playbooks", "playbook", "list_playbooks"),
    "playbook_show": ("show_playbook",),
    "playbook_new": ("new_playbook",),
    "playbook_save": ("save_playbook",),
    "playbook_delete": ("delete_playbook", "playbook_remove"),
    "playbook_history": ("playbook_versions", "history_of_playbook"),
    "playbook_restore": ("restore_playbook",),
    "test": ("test_create_incident", "test_create", "test_incident", "make_test_incident"),
    "test_bulk": ("test_bulk_data", "make_test_incidents"),
    "test_end": ("test_resolve", "test_clear", "resolve_test_incidents"),
    "drill": ("drill_start", "start_drill"),
    "drill_end": ("end_drill", "exercise_end"),
    "start": ("start_playbook", "playbook_start", "run_playbook"),
    "check": ("tick", "uncheck", "untick", "skip"),
    "stage": ("stages",),
    "tasks": ("checklist",),
    "todo": ("my_tasks",),
    "mark": (),
    "call_commander": ("call_the_commander",),
    "assign_task": ("task_assign",),
    "task_add": ("add_task", "new_task"),
    "task_edit": ("edit_task",),
    "task_due": ("due",),
    "task_move": ("move_task",),
    "task_run": ("run_task",),
    "task_remove": ("remove_task", "task_delete"),
    "commander": ("lead", "leader", "incident_commander"),
    "role": ("roles",),
    "end": ("end_playbook",),
    "restart": ("restart_playbook",),
    "triage_end": ("end_triage",),
    "update": ("give_an_update", "post_an_update"),
    "remind": ("remind_me",),
    "update_request": ("request_update",),
    "follow": (),
    "unfollow": (),
    "workflow": ("run", "run_workflow", "run_play"),
    "oncall": ("on_call", "who_is_on_call"),
    "oncall_week": ("on_call_week",),
    "oncall_picture": ("on_call_picture",),
    "handover": ("hand_over", "handoff"),
    "handover_accept": ("accept",),
    "handover_clear": ("handover_drop",),
    "handover_notes": (),
    "page": (),
    "kept_pages": ("kept",),
    "kept_drop": ("kept_withdraw",),
    "page_accept": ("kept_accept",),
    "override": (),
    "override_all": ("bulk_override",),
    "override_cancel": ("override_end", "override_delete"),
    "overrides": (),
    "swap": (),
    "swap_cancel": ("swap_withdraw",),
    "take": ("take_over",),
    "services": (),
    "maintenance": (),
    "maintenance_list": (),
    "maintenance_end": (),
    "subscribe": (),
    "subscriptions": ("subscription",),
    "unsubscribe": (),
    "deadletters": ("deadletter", "dead_letters", "dead_letter"),
    "simulate": ("replay", "what_if"),
    "whoami": ("who_am_i",),
    "connect": (),
    "disconnect": (),
    "notify": ("notify_me",),
    "health": (),
    "help": (),
}
"""By name: other ways in which people type it."""


def verb_name(word: str) -> Optional[str]:
    """The name of the verb that is meant, whatever its case, with spaces or hyphens, also with
    `/pd` in front or a colon behind; None when there is none."""
    asked = re.sub(r"[\s_-]+", "_", word.strip().lower().rstrip(":."))
    asked = re.sub(r"^/?pd_", "", asked)
    if asked in TYPED:
        return asked
    return next((name for name, typed in TYPED.items() if asked in typed), None)


def nearest(word: str, more: Tuple[str, ...] = ()) -> str:
    """Of the names, the typed words and `more` the one that looks most like `word`; empty when
    none does."""
    import difflib

    known = [*TYPED, *(typed for words in TYPED.values() for typed in words), *more]
    asked = re.sub(r"[\s-]+", "_", word.strip().lower())
    return next(iter(difflib.get_close_matches(asked, known, n=1, cutoff=0.6)), "")
