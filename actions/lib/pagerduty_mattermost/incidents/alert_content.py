"""Pure: what an alert said, as a trigger entry or an alert's body holds it: text, pairs of name
and value, links.

    content = alert_content(entry)      # AlertContent(summary, details, left, links)
    with_details(incident, entry)       # the incident with it, where it knew nothing of it yet

Monitoring tools send lists, maps of maps, numbers, JSON in a text, or an e-mail. All of it becomes
text that a person can read and copy; `left` counts the values that did not fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Iterator, List, NamedTuple, Tuple

from pagerduty_mattermost.core.text import cut, one_line
from pagerduty_mattermost.incidents.incident import Incident, Link
from pagerduty_mattermost.incidents.raw_values import (
    MAX_NAME_CHARACTERS,
    as_map,
    as_maps,
    as_text,
)

MAX_SUMMARY_CHARACTERS = 2000
MAX_DETAILS = 40
MAX_DETAIL_NAME_CHARACTERS, MAX_DETAIL_VALUE_CHARACTERS = 80, 600
MAX_ALL_DETAILS_CHARACTERS = 3000
"""Code points of all names and values together: the trigger's payload carries them."""
MAX_LINKS = 6
MAX_URL_CHARACTERS = 500
MAX_DEPTH = 5
"""Of maps in maps; what lies deeper is shown as JSON."""

_CEF_FIELDS = (
    "severity",
    "source_component",
    "source_origin",
    "event_class",
    "service_group",
    "message",
)
"""PagerDuty's common event format: what says more than the details."""
_MONITOR_FIELDS = ("host", "service", "state")
"""What a Nagios channel holds beside its details."""
MAX_HTML_CHARACTERS = 50_000
"""Code points of an e-mail's HTML that are read."""


class AlertContent(NamedTuple):
    """What an alert tells, normalised."""

    summary: str = ""
    details: Tuple[Tuple[str, str], ...] = ()
    left: int = 0
    """Values that are not among the details."""
    links: Tuple[Link, ...] = ()


def with_details(incident: Incident, entry: Any) -> Incident:
    """The incident with what its first alert said. Unchanged for a mere reference, and where it
    knew it already."""
    obj = as_map(entry)
    if not (as_map(obj.get("channel")) or obj.get("contexts") or as_map(obj.get("event_details"))):
        return incident
    found = alert_content(obj)
    if not incident.details:
        incident = incident._replace(details=found.details, details_left=found.left)
    summary = "" if one_line(found.summary) == one_line(incident.title) else found.summary
    return incident._replace(
        summary=incident.summary or summary, links=incident.links or found.links
    )


def alert_content(entry: Mapping[str, Any]) -> AlertContent:
    """Of a trigger entry, whole with its channel, or of `{"channel": <an alert's body>}`."""
    channel = as_map(entry.get("channel"))
    cef = as_map(channel.get("cef_details"))
    custom: Any = (
        channel.get("details") or cef.get("details") or as_map(channel.get("body")).get("details")
    )
    custom = _parsed(custom)
    texts: List[str] = [] if isinstance(custom, (Mapping, list)) else [_text(custom)]
    if channel.get("type") == "email":
        texts.append(_mail(channel))
    texts += [
        _text(value)
        for value in (
            channel.get("description"),
            as_map(entry.get("event_details")).get("description"),
            cef.get("description"),
            channel.get("summary"),
        )
    ]
    found = list(_pairs(custom)) if isinstance(custom, (Mapping, list)) else []
    values = {value for _, value in found}
    summary = next((text for text in texts if text), "")
    for fields, source in ((_MONITOR_FIELDS, channel), (_CEF_FIELDS, cef)):
        for name in fields:
            value = _text(source.get(name))
            if value and value not in values and value != summary:
                found.append((name, value))
    details, left = _fitting(found)
    return AlertContent(summary, details, left, _links(entry, channel, cef))


def _text(value: Any) -> str:
    return as_text(value, MAX_SUMMARY_CHARACTERS).strip()


def _parsed(value: Any) -> Any:
    """JSON in a text, as some tools send it, as what it holds."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        import json

        try:
            read = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return read if isinstance(read, (dict, list)) else value
    return value


def _mail(channel: Mapping[str, Any]) -> str:
    """The text of the e-mail that triggered the incident; of HTML what would be read of it."""
    body = channel.get("body")
    if not isinstance(body, str):
        return ""
    if "html" in as_text(channel.get("body_content_type"), 80).lower():
        from pagerduty_mattermost.incidents.html_text import html_text

        body = html_text(body[:MAX_HTML_CHARACTERS])
    return _text(body)


def _pairs(value: Any, name: str = "", depth: int = 0) -> Iterator[Tuple[str, str]]:
    """Names and values in their order, those of inner maps as `outer.inner`. What says nothing
    (null, empty) is left out."""
    if isinstance(value, Mapping) and depth < MAX_DEPTH:
        named = _named(value)
        if named is not None and name:
            yield f"{name}.{named[0]}", named[1]
            return
        for key, inner in value.items():
            label = one_line(as_text(key, MAX_DETAIL_NAME_CHARACTERS)) or "value"
            yield from _pairs(inner, f"{name}.{label}" if name else label, depth + 1)
    elif isinstance(value, list) and depth < MAX_DEPTH and any(map(_is_inner, value)):
        for number, inner in enumerate(value, 1):
            one = as_map(inner)
            known = _named(one) is not None or len(value) == 1
            yield from _pairs(inner, name if known else f"{name}.{number}".strip("."), depth + 1)
    else:
        shown = _shown(value)
        if shown:
            yield name or "value", shown


def _is_inner(value: Any) -> bool:
    return isinstance(value, (Mapping, list))


def _named(value: Mapping[str, Any]) -> Any:
    """Name and value of `{"name": …, "value": …}`, as tools write dimensions; or None."""
    names = {str(key).lower(): inner for key, inner in value.items()}
    if set(names) != {"name", "value"} or any(map(_is_inner, names.values())):
        return None
    label, shown = (
        one_line(as_text(names["name"], MAX_DETAIL_NAME_CHARACTERS)),
        _shown(names["value"]),
    )
    return (label, shown) if label and shown else None


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        if any(map(_is_inner, value)):
            return _json(value)
        return ", ".join(shown for shown in map(_shown, value) if shown)
    if isinstance(value, Mapping):
        return _json(value)
    lines = as_text(value, MAX_DETAIL_VALUE_CHARACTERS).split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _json(value: Any) -> str:
    import json

    try:
        return (
            cut(json.dumps(value, ensure_ascii=False), MAX_DETAIL_VALUE_CHARACTERS)
            if value
            else ""
        )
    except (TypeError, ValueError, RecursionError):
        return ""


def _fitting(pairs: List[Tuple[str, str]]) -> Tuple[Tuple[Tuple[str, str], ...], int]:
    """What the payload carries, and how many it does not. Short values go before long ones where
    not all fit, in the order in which the alert gave them."""
    kept: List[int] = []
    room = MAX_ALL_DETAILS_CHARACTERS
    by_length = sorted(range(len(pairs)), key=lambda at: (len(pairs[at][1]) > 200, at))
    for at in by_length[:MAX_DETAILS]:
        size = len(pairs[at][0]) + len(pairs[at][1])
        if size <= room:
            room -= size
            kept.append(at)
    shown = tuple(
        (
            cut(pairs[at][0], MAX_DETAIL_NAME_CHARACTERS),
            cut(pairs[at][1], MAX_DETAIL_VALUE_CHARACTERS),
        )
        for at in sorted(kept)
    )
    return shown, len(pairs) - len(kept)


def _links(
    entry: Mapping[str, Any], channel: Mapping[str, Any], cef: Mapping[str, Any]
) -> Tuple[Link, ...]:
    links: List[Link] = []
    for context in [
        *as_maps(entry.get("contexts")),
        *as_maps(channel.get("contexts")),
        *as_maps(cef.get("contexts")),
    ]:
        link = Link(
            as_text(context.get("href"), MAX_URL_CHARACTERS),
            as_text(context.get("text"), MAX_NAME_CHARACTERS),
            as_text(context.get("src"), MAX_URL_CHARACTERS),
        )
        if (link.href or link.image) and link not in links:
            links.append(link)
    for source, address, label in (
        (channel, "client_url", "client"),
        (cef, "client_url", "client"),
        (channel, "raw_url", ""),
    ):
        url = as_text(source.get(address), MAX_URL_CHARACTERS)
        if url and all(url != link.href for link in links):
            text = as_text(source.get(label), MAX_NAME_CHARACTERS) if label else "Original e-mail"
            links.append(Link(url, text))
    return tuple(links[:MAX_LINKS])
