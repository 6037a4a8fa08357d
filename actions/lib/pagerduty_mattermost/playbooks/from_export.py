"""A playbook of the plugin Mattermost Playbooks (before: Incident Management), from the file that
it exports, as YAML of this pack. Pure.

    made = from_export(text, name="outage")
    made.text              # YAML that reads without a problem
    made.left_out          # ("metrics: …", …): what has no counterpart, a line each

The format is that of the plugin's source (server/app/export.go, version 1): a JSON object without
what is empty or false.
"""

from __future__ import annotations

import json
import re
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Tuple

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean, cut_at_word, one_line
from pagerduty_mattermost.playbooks.consistency import MAX_DUE_SECONDS, MAX_TASKS
from pagerduty_mattermost.playbooks.export_conditions import ExportedConditions
from pagerduty_mattermost.playbooks.schema import span_text
from pagerduty_mattermost.playbooks.writing import named_after, playbook_name, write_yaml

MAX_EXPORT_CHARACTERS = 2_000_000
VERSION = 1
MAX_STAGES, MAX_IN_STAGE = 15, 60
_OWNERS = {"owner": "commander", "creator": "declarer"}
_NO_COUNTERPART: Mapping[str, str] = {
    "metrics": "figures of incidents come from PagerDuty",
    "message_on_join": "who joins a room finds the incident's pinned card",
    "signal_any_keywords": "playbooks are chosen by priority, urgency and service (choose)",
    "category_name": "a bot can't sort anybody's sidebar",
    "run_summary_template": "the pinned card and the last status update say how it stands",
    "run_number_prefix": "PagerDuty numbers its incidents",
    "owner_group_only_actions": "who may do what says chat.allowed",
}
"""Fields that are named when they are set, and why they are left out."""
_IMPLIED = frozenset(
    (
        "version",
        "new_channel_only",
        "channel_id",
        "message_on_join_enabled",
        "signal_any_keywords_enabled",
        "categorize_channel_enabled",
        "run_summary_template_enabled",
        "create_channel_member_on_new_participant",
        "remove_channel_member_on_removed_participant",
    )
)
"""Switches of others, and what is done anyway."""
_CARRIED = frozenset(
    (
        "title",
        "description",
        "checklists",
        "properties",
        "conditions",
        "reminder_message_template",
        "reminder_timer_default_seconds",
        "status_update_enabled",
        "retrospective_enabled",
        "retrospective_template",
        "retrospective_reminder_interval_seconds",
        "channel_name_template",
        "channel_mode",
        "auto_archive_channel",
    )
)


class ImportedPlaybook(NamedTuple):
    """A playbook made of an export, and what could not be taken over."""

    name: str
    text: str
    """YAML."""
    left_out: Tuple[str, ...]


def from_export(text: str, name: str = "") -> ImportedPlaybook:
    """`name`: how it is called here; empty: made of its title. Raises RejectedInput for what is no
    such export."""
    whole = _object(text)
    title = one_line(clean(whole["title"], 64)) or "Imported playbook"
    called = playbook_name(name) if name else named_after(title) or "imported"
    maker = _ExportParts(whole)
    value: Dict[str, Any] = {"name": called, "title": title}
    description = maker.text("description", 500)
    if description:
        value["description"] = description
    value.update(maker.updates())
    value.update(maker.room())
    value["stages"] = maker.stages()
    value.update(maker.retro())
    maker.name_the_rest()
    return ImportedPlaybook(called, write_yaml(value), tuple(dict.fromkeys(maker.left_out)))


def _object(text: str) -> Dict[str, Any]:
    if len(text) > MAX_EXPORT_CHARACTERS:
        raise RejectedInput(f"the export has more than {MAX_EXPORT_CHARACTERS} characters")
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        raise RejectedInput("this is no JSON: it is no export of Mattermost Playbooks") from None
    if not isinstance(whole, dict) or not isinstance(whole.get("checklists"), list):
        raise RejectedInput(
            "this is no export of Mattermost Playbooks: it has no checklists (product menu > "
            "Playbooks > … > Export)"
        )
    if whole.get("version", VERSION) != VERSION:
        raise RejectedInput(
            f"the export is of version {one_line(clean(whole['version'], 20))}; known is {VERSION}"
        )
    if not isinstance(whole.get("title"), str):
        whole["title"] = ""
    return whole


class _ExportParts:
    """Makes the parts, and collects what is left out."""

    def __init__(self, whole: Mapping[str, Any]) -> None:
        self._whole = whole
        self.left_out: List[str] = []
        self._conditions = ExportedConditions(whole)
        self._ids: Dict[str, bool] = {}

    def text(self, field: str, limit: int) -> str:
        found = clean(self._whole.get(field) or "").strip()
        if len(found) > limit:
            self.left_out.append(f"{field}: cut to {limit} characters")
        return cut_at_word(found, limit)

    def updates(self) -> Dict[str, Any]:
        made: Dict[str, Any] = {}
        template = self.text("reminder_message_template", 3000)
        if template:
            made["template"] = template
        seconds = _number(self._whole.get("reminder_timer_default_seconds"))
        if seconds > 0 and self._whole.get("status_update_enabled"):
            made["remind"] = self._span("reminder_timer_default_seconds", seconds)
        return {"updates": made} if made else {}

    def room(self) -> Dict[str, Any]:
        made: Dict[str, Any] = {}
        if self._whole.get("channel_mode") == "link_existing_channel":
            self.left_out.append(
                "channel_mode: an existing channel becomes the room by `/pd room adopt`"
            )
            made["create"] = False
        template = one_line(clean(self._whole.get("channel_name_template") or "", 100))
        if template:
            title = re.sub(r"(?i)\{\s*seq\s*\}", "{number}", template)
            if re.search(r"[{}]", title.replace("{number}", "")):
                self.left_out.append(
                    f"channel_name_template: {template!r} names what rooms can't be named after"
                )
            else:
                made["title"] = title
        if self._whole.get("auto_archive_channel"):
            made["archive"] = "at_once"
        return {"room": made} if made else {}

    def stages(self) -> List[Dict[str, Any]]:
        lists = [one for one in self._whole["checklists"] if isinstance(one, dict)]
        made: List[Dict[str, Any]] = []
        count = 0
        for number, checklist in enumerate(lists, 1):
            name = one_line(clean(checklist.get("title") or "", 60)) or f"Stage {number}"
            rows = checklist.get("items")
            items = (
                [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []
            )
            room = min(MAX_IN_STAGE, MAX_TASKS - count)
            if len(made) >= MAX_STAGES or len(items) > room:
                kept = room if len(made) < MAX_STAGES else 0
                self.left_out.append(
                    f"{len(items) - kept} tasks of {name!r}: a playbook has at most {MAX_TASKS} "
                    f"in {MAX_STAGES} stages"
                )
                items = items[:kept]
            if len(made) < MAX_STAGES:
                made.append({"name": name, "tasks": [self._task(item) for item in items]})
                count += len(items)
        return made or [{"name": "First", "tasks": []}]

    def _task(self, item: Mapping[str, Any]) -> Dict[str, Any]:
        title = one_line(clean(item.get("title") or "")) or "Untitled task"
        text = cut_at_word(title, 120)
        notes = [title] if text != title else []
        made: Dict[str, Any] = {"id": self._id(text), "text": text}
        command = one_line(clean(item.get("command") or ""))
        if command.startswith("/pd ") and len(command) <= 300:
            made["run"] = command
        elif command:
            notes.append(f"Command: `{command}`")
            self.left_out.append(f"command {cut_at_word(command, 60)!r}: only /pd can be run")
        notes.append(clean(item.get("description") or "").strip())
        description = "\n\n".join(note for note in notes if note)
        if len(description) > 2000:
            self.left_out.append(f"description of {text!r}: cut to 2000 characters")
        if description:
            made["description"] = cut_at_word(description, 2000)
        due = _number(item.get("due_date")) / 1000
        if due > 0:
            made["due"] = self._span(f"due date of {text!r}", due)
        owner = str(item.get("assignee_type") or "")
        if owner in _OWNERS:
            made["assign"] = _OWNERS[owner]
        elif owner:
            self.left_out.append(f"assignee of {text!r}: people are not named by fields")
        when, why = self._conditions.of_task(str(item.get("condition_id") or ""))
        if why:
            self.left_out.append(f"condition of {text!r}: {why}; it is shown always")
        elif when:
            made["when"] = when
        return made

    def _span(self, what: str, seconds: float) -> str:
        if seconds > MAX_DUE_SECONDS:
            self.left_out.append(f"{what}: shortened to 30 days")
        return span_text(max(60.0, min(seconds, MAX_DUE_SECONDS)))

    def _id(self, text: str) -> str:
        base = named_after(text)[:28].strip("-") or "task"
        found, number = base, 2
        while found in self._ids:
            found, number = f"{base}-{number}", number + 1
        self._ids[found] = True
        return found

    def retro(self) -> Dict[str, Any]:
        if not self._whole.get("retrospective_enabled"):
            return {}
        template = clean(self._whole.get("retrospective_template") or "")
        headings = _headings(template)
        questions = [cut_at_word(one_line(one), 300) for one in headings][:20]
        if template.strip() and len(template) > sum(map(len, headings)) + 8 * len(headings):
            self.left_out.append("retrospective_template: its headings are the questions")
        made: Dict[str, Any] = {"questions": questions} if questions else {}
        seconds = _number(self._whole.get("retrospective_reminder_interval_seconds"))
        if seconds > 0:
            made["remind"] = self._span("retrospective_reminder_interval_seconds", seconds)
        return {"retro": made} if made else {}

    def name_the_rest(self) -> None:
        for field, why in _NO_COUNTERPART.items():
            if self._whole.get(field):
                self.left_out.append(f"{field}: {why}")
        for field in self._unknown():
            self.left_out.append(f"{field}: unknown to this version of the pack")

    def _unknown(self) -> Iterator[str]:
        known = (*_CARRIED, *_IMPLIED, *_NO_COUNTERPART)
        for field, value in self._whole.items():
            if field not in known and value:
                yield one_line(clean(field, 60))


def _headings(markdown: str) -> List[str]:
    found = []
    for line in markdown.splitlines():
        text = line.lstrip("#")
        if line.startswith("#") and text[:1] in (" ", "\t") and text.strip():
            found.append(text.strip())
    return found


def _number(value: Any) -> float:
    """A number above 0; of anything else 0."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and 0 < value < 1e15 else 0.0
