"""Pure: what a log entry says of the fields that were changed, in words for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, List, Tuple

from pagerduty_mattermost.incidents.raw_values import (
    MAX_NAME_CHARACTERS,
    as_map,
    as_maps,
    as_text,
    first_text,
)

_ID = re.compile(r"[PQR](?=[A-Z]*\d)[A-Z0-9]{6,25}", re.ASCII)


def from_to(obj: Mapping[str, Any], kind: str) -> Tuple[str, str]:
    """Old and new value of a changed priority, urgency or title, where the entry tells (its form
    is not published)."""
    field, custom = changed_field(obj), custom_fields(obj)
    if field:
        if field.get("name") == "title":
            return as_text(field.get("old_value"), MAX_NAME_CHARACTERS), as_text(
                field.get("value"), MAX_NAME_CHARACTERS
            )
        was, now = _value(field.get("old_value")), _value(field.get("value"))
        if field.get("name") == "incident_type":
            return type_words(was), type_words(now)
        return was, now if now or field.get("name") != "conference_bridge" else "none"
    if custom:
        return "", ", ".join(_custom_change(one) for one in custom)
    if not kind.endswith("_change"):
        return "", ""
    what = kind[: -len("_change")]
    for place in (obj, as_map(obj.get("channel")), as_map(obj.get("event_details"))):
        was = first_text(place.get("from"), place.get("old_" + what), place.get("old_value"))
        now = first_text(place.get("to"), place.get("new_" + what), place.get("new_value"))
        if was or now:
            is_type = what == "incident_type"
            return (type_words(was), type_words(now)) if is_type else (was, now)
    return "", ""


def type_words(name: str) -> str:
    """An incident type as people say it: the API's `incident_default` is `Default`."""
    words = re.sub(r"^incident_", "", name) if re.fullmatch(r"[a-z0-9_]+", name) else name
    return words[:1].upper() + words[1:].replace("_", " ")


def incident_type(obj: Any) -> str:
    """The name of an incident's `incident_type`; empty where it has none, or only an id."""
    kind = as_map(obj)
    return type_words(_value(first_text(kind.get("display_name"), kind.get("name"))))


def changed_field(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one field of the incident itself that the entry says was changed (API: Channel,
    changeset)."""
    fields = as_maps(as_map(as_map(obj.get("channel")).get("changeset")).get("application_fields"))
    named = [field for field in fields if isinstance(field.get("name"), str)]
    return named[0] if named else {}


def custom_fields(obj: Mapping[str, Any]) -> List[Mapping[str, Any]]:
    """The custom fields that the entry says were changed."""
    changes = as_map(as_map(obj.get("channel")).get("changeset"))
    fields = as_maps(changes.get("customer_fields") or changes.get("custom_fields"))
    return [field for field in fields if isinstance(field.get("name"), str)]


def _custom_change(field: Mapping[str, Any]) -> str:
    name = as_text(field.get("display_name") or field.get("name"), MAX_NAME_CHARACTERS).replace(
        "_", " "
    )
    was, now = _value(field.get("old_value")), _value(field.get("value")) or "none"
    return f"{name}: {was} → {now}" if was else f"{name}: {now}"


def _value(value: Any) -> str:
    """A field's value for people; empty where it is PagerDuty's id of something."""
    many = value if isinstance(value, list) else [value]
    texts = [as_text(one, MAX_NAME_CHARACTERS) for one in many]
    return ", ".join(one for one in texts if one and not is_id(one))


def is_id(text: str) -> bool:
    """Whether it is PagerDuty's id of something, which says nothing to people."""
    return _ID.fullmatch(text) is not None


def field_sentence(obj: Mapping[str, Any]) -> str:
    """Words for a changed field of which PagerDuty's own sentence tells only the API's name."""
    name = changed_field(obj).get("name")
    if not name or name not in as_text(obj.get("summary"), 300) or "_" not in name:
        return ""
    now = _value(changed_field(obj).get("value"))
    return f"Changed the {name.replace('_', ' ')}" + (f" to {now}" if now else "")
