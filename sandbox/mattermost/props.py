"""A post's props as the server stores, measures and shows them.

The server reads `attachments` into its own structure: keys it does not know vanish, an attachment
with a wrong type in it vanishes whole, and every empty field is written out (about 290 characters
an attachment). The size that counts is that of Go's JSON, where `<`, `>` and `&` take six
characters each.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Optional

ATTACHMENT_OVERHEAD_CHARACTERS = 290
"""Characters the server adds for each attachment, as measured."""

_TEXTS = (
    "fallback",
    "color",
    "pretext",
    "author_name",
    "author_link",
    "author_icon",
    "title",
    "title_link",
    "text",
    "image_url",
    "thumb_url",
    "footer",
    "footer_icon",
)
_ACTION_TEXTS = ("id", "type", "name", "style", "data_source", "default_option", "cookie")


class _WrongType(Exception):
    pass


def stored(props: Any, new_id: Callable[[], str]) -> Dict[str, Any]:
    """Props as the server keeps them; `new_id` names buttons that came without an id."""
    if not isinstance(props, dict):
        return {}
    result = {k: v for k, v in props.items() if k != "add_channel_member"}
    attachments = result.get("attachments")
    if isinstance(attachments, list):
        result["attachments"] = [
            a for a in (_attachment(raw, new_id) for raw in attachments) if a is not None
        ]
    return result


def shown(props: Dict[str, Any]) -> Dict[str, Any]:
    """Props as clients read them: buttons without their `integration`."""
    attachments = props.get("attachments")
    if not isinstance(attachments, list):
        return props
    return dict(props, attachments=[_without_integration(a) for a in attachments])


def size(sent: Any, kept: Dict[str, Any]) -> int:
    """The number of characters that counts against the limit."""
    count = len(kept["attachments"]) if isinstance(kept.get("attachments"), list) else 0
    as_sent = _go_length(sent) if isinstance(sent, dict) else 2
    return max(_go_length(kept), as_sent + ATTACHMENT_OVERHEAD_CHARACTERS * count)


def breaks_comparing(before: Dict[str, Any], after: Dict[str, Any]) -> bool:
    """Whether 5.37 breaks off as it compares the attachments of an edit: it reads the
    `integration` of buttons that are else the same, whether they have one or not."""
    lists = [props.get("attachments") or [] for props in (before, after)]
    if not all(isinstance(one, list) for one in lists) or len(lists[0]) != len(lists[1]):
        return False
    for old, new in zip(*lists):
        buttons = [attachment.get("actions") or () for attachment in (old, new)]
        if {**old, "actions": 0} != {**new, "actions": 0} or len(buttons[0]) != len(buttons[1]):
            return False
        for was, now in zip(*buttons):
            targets = [button.get("integration") for button in (was, now)]
            if {**was, "integration": 0} != {**now, "integration": 0}:
                return False
            if None in targets:
                return True
            if targets[0] != targets[1]:
                return False
    return False


def _go_length(value: Any) -> int:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len(text) + 5 * sum(text.count(c) for c in "<>&\u2028\u2029")


def _attachment(raw: Any, new_id: Callable[[], str]) -> Optional[Dict[str, Any]]:
    if not isinstance(raw, dict):
        return None
    try:
        result: Dict[str, Any] = {"id": _typed(raw, "id", int, 0)}
        for name in _TEXTS:
            result[name] = _typed(raw, name, str, "")
        fields = _typed(raw, "fields", list, None)
        result["fields"] = None if fields is None else [_field(f) for f in fields if f is not None]
        result["ts"] = raw.get("ts")
        actions = _typed(raw, "actions", list, None)
        if actions:
            result["actions"] = [_action(a, new_id) for a in actions if a is not None]
    except _WrongType:
        return None
    return result


def _field(raw: Any) -> Dict[str, Any]:
    if not isinstance(raw, dict):
        raise _WrongType
    short = raw.get("short", False)
    return {
        "title": _typed(raw, "title", str, ""),
        "value": raw.get("value"),
        "short": short in (True, "true"),
    }


def _action(raw: Any, new_id: Callable[[], str]) -> Dict[str, Any]:
    if not isinstance(raw, dict):
        raise _WrongType
    result: Dict[str, Any] = {}
    for name in _ACTION_TEXTS:
        value = _typed(raw, name, str, "")
        if value:
            result[name] = value
    result.setdefault("id", new_id())
    for name, kind in (("disabled", bool), ("options", list), ("integration", dict)):
        value = _typed(raw, name, kind, None)
        if value:
            result[name] = value
    return result


def _typed(raw: Dict[str, Any], name: str, kind: type, empty: Any) -> Any:
    value = raw.get(name)
    if value is None:
        return empty
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _WrongType
    return value


def _without_integration(attachment: Any) -> Any:
    if not isinstance(attachment, dict) or not attachment.get("actions"):
        return attachment
    actions: List[Dict[str, Any]] = [
        {k: v for k, v in action.items() if k != "integration"} for action in attachment["actions"]
    ]
    return dict(attachment, actions=actions)
