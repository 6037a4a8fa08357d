"""An inquiry of StackStorm's as a question to people in Mattermost: where it goes, how it is
answered. Pure.

    inquiry = inquiry_of(row)                # of GET /inquiries
    route = route_of("~deploys needs:2")     # None for one that is not Mattermost's
    choices(inquiry.schema)                  # (("Yes", {"approved": True}), ...) or ()
    elements(inquiry.schema)                 # of a dialog
    answered(inquiry.schema, submission)     # ({"approved": True}, {}) or ({}, {"f0": "…"})
"""

# flake8: noqa: E203,W503

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.text import clean, cut, one_line

ROOM = "room:"
NEEDS = "needs:"
MAX_NEEDED = 20
BY = "answered_by"
"""A property of this name is filled in with the username of who answered, and not asked for."""
MAX_BUTTONS, MAX_FIELDS = 5, 12
MAX_LABEL_CHARACTERS, MAX_DESCRIPTION_CHARACTERS = 40, 1000
MAX_LINE_CHARACTERS, MAX_TEXT_CHARACTERS = 150, 3000
YES_OR_NO = (("Yes", True), ("No", False))
_NUMBERS = ("integer", "number")


class Inquiry(NamedTuple):
    """One that waits for an answer."""

    id: str
    route: str
    schema: Mapping[str, Any]
    users: Tuple[str, ...] = ()
    """Who may answer, by their names at StackStorm; empty: whoever may by RBAC."""
    roles: Tuple[str, ...] = ()
    ttl: int = 0
    """Minutes; 0: for ever."""

    @property
    def is_for_some(self) -> bool:
        return bool(self.users or self.roles)


class InquiryRoute(NamedTuple):
    """Where a question goes."""

    place: str
    """`~channel`, `@user` or `room:` with an incident's id."""
    needs: int = 1
    """How many different people have to give the same answer."""


def inquiry_of(row: Any) -> Optional[Inquiry]:
    """The inquiry in a row of StackStorm's API; None where it holds none."""
    if not isinstance(row, Mapping) or not isinstance(row.get("id"), str):
        return None
    schema = row.get("schema")
    ttl = row.get("ttl")
    return Inquiry(
        row["id"],
        clean(row.get("route"), 200),
        schema if isinstance(schema, Mapping) else {},
        _texts(row.get("users")),
        _texts(row.get("roles")),
        ttl if isinstance(ttl, int) and not isinstance(ttl, bool) else 0,
    )


def route_of(text: str) -> Optional[InquiryRoute]:
    """None for a route that names nothing of Mattermost's."""
    words = text.split()
    if not words or not (words[0][:1] in ("~", "@") or words[0].startswith(ROOM)):
        return None
    needs = 1
    for word in words[1:]:
        number = word[len(NEEDS) :] if word.startswith(NEEDS) else ""
        if number.isascii() and number.isdigit():
            needs = max(1, min(MAX_NEEDED, int(number)))
    return InquiryRoute(words[0], needs)


def asked(schema: Mapping[str, Any]) -> Dict[str, Mapping[str, Any]]:
    """The properties that people are asked for."""
    properties = schema.get("properties")
    properties = properties if isinstance(properties, Mapping) else {}
    return {
        str(name): spec if isinstance(spec, Mapping) else {}
        for name, spec in properties.items()
        if name != BY
    }


def is_required(schema: Mapping[str, Any], name: str) -> bool:
    """As StackStorm's schemas say it, in the property, or as others do, in a list."""
    listed = schema.get("required")
    spec = asked(schema).get(name, {})
    return spec.get("required") is True or isinstance(listed, list) and name in listed


def question(schema: Mapping[str, Any]) -> str:
    """What is asked, in the words of the schema."""
    said = [clean(schema.get("description"), MAX_DESCRIPTION_CHARACTERS)]
    if not said[0]:
        said = [
            clean(spec.get("description"), MAX_DESCRIPTION_CHARACTERS)
            for spec in asked(schema).values()
        ]
    lines = [line for line in said if line]
    return "\n".join(lines) or "An answer is needed."


def choices(schema: Mapping[str, Any]) -> Tuple[Tuple[str, Dict[str, Any]], ...]:
    """What buttons say and what they answer; () where a dialog has to ask."""
    properties = asked(schema)
    if len(properties) != 1:
        return ()
    ((name, spec),) = properties.items()
    offered = _offered(spec)
    if not offered or len(offered) > MAX_BUTTONS:
        return ()
    return tuple((label, {name: value}) for label, value in offered)


def _offered(spec: Mapping[str, Any]) -> Tuple[Tuple[str, Any], ...]:
    words = spec.get("enum")
    if isinstance(words, list) and words:
        return tuple(
            (one_line(clean(word), MAX_LABEL_CHARACTERS) or "(empty)", word)
            for word in words
            if isinstance(word, (str, int, float, bool))
        )
    return YES_OR_NO if spec.get("type") == "boolean" else ()


def can_be_asked(schema: Mapping[str, Any]) -> bool:
    """Whether a dialog can hold it."""
    return 0 < len(asked(schema)) <= MAX_FIELDS


def elements(schema: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """The fields of a dialog, by the number of their property: names may be anything."""
    return [
        _element(f"f{number}", name, spec, optional=not is_required(schema, name))
        for number, (name, spec) in enumerate(asked(schema).items())
    ]


def _element(field: str, name: str, spec: Mapping[str, Any], *, optional: bool) -> Dict[str, Any]:
    made: Dict[str, Any] = {
        "display_name": one_line(clean(spec.get("title") or name), MAX_LABEL_CHARACTERS),
        "name": field,
        "type": "text",
        "optional": optional,
        "help_text": cut(one_line(clean(spec.get("description"))), MAX_LINE_CHARACTERS),
    }
    offered, kind, default = _offered(spec), spec.get("type"), spec.get("default")
    if offered:
        # Not a tick: a required one could only be ticked.
        made["type"] = "select"
        made["options"] = [
            {"text": label, "value": str(place)} for place, (label, _) in enumerate(offered)
        ]
        values = [value for _, value in offered]
        if default in values:
            made["default"] = str(values.index(default))
        return made
    longest = spec.get("maxLength")
    is_long = (
        kind in ("object", "array", None)
        or kind == "string"
        and (not isinstance(longest, int) or longest > MAX_LINE_CHARACTERS)
    )
    if spec.get("secret"):
        made["subtype"] = "password"
    elif kind in _NUMBERS:
        made["subtype"] = "number"
    elif is_long:
        made.update(type="textarea", max_length=MAX_TEXT_CHARACTERS)
    if default is not None:
        made["default"] = default if isinstance(default, str) else json.dumps(default)
    return made


def answered(
    schema: Mapping[str, Any], submission: Mapping[str, Any]
) -> Tuple[Dict[str, Any], Dict[str, str]]:
    """The response with real types, and what is wrong with it by field."""
    response: Dict[str, Any] = {}
    wrong: Dict[str, str] = {}
    for number, (name, spec) in enumerate(asked(schema).items()):
        field, given = f"f{number}", submission.get(f"f{number}")
        if given is None or isinstance(given, str) and not given.strip():
            if is_required(schema, name):
                wrong[field] = "It needs an answer"
            continue
        try:
            value = _typed(spec, given)
        except ValueError as error:
            wrong[field] = str(error)
            continue
        problem = misfit(spec, value)
        if problem:
            wrong[field] = problem
        else:
            response[name] = value
    return response, wrong


def _typed(spec: Mapping[str, Any], given: Any) -> Any:
    """Raises ValueError with a line for people."""
    offered, kind = _offered(spec), spec.get("type")
    if offered:
        text = str(given)
        if not (text.isascii() and text.isdigit() and int(text) < len(offered)):
            raise ValueError("Choose one of the list")
        return offered[int(text)][1]
    text = given if isinstance(given, str) else json.dumps(given)
    text = clean(text, MAX_TEXT_CHARACTERS).strip()
    if kind == "string":
        return text
    if kind in _NUMBERS:
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            raise ValueError("It has to be a number") from None
        if kind == "integer" and number != int(number):
            raise ValueError("It has to be a whole number")
        return int(number) if number == int(number) else number
    if kind == "array" and not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        if kind in ("object", "array"):
            raise ValueError(f"It has to be JSON, an {kind}") from None
        return text


def misfit(spec: Mapping[str, Any], value: Any) -> str:
    """What is wrong with the value of a property; empty for nothing, and where its schema is none:
    StackStorm decides then."""
    from jsonschema import Draft4Validator

    plain = {key: inner for key, inner in spec.items() if key not in ("required", "secret")}
    try:
        errors = list(Draft4Validator(plain).iter_errors(value))
    except Exception:  # noqa: BLE001 - a schema that somebody wrote
        return ""
    return one_line(clean(errors[0].message, MAX_LINE_CHARACTERS)) if errors else ""


def with_name(schema: Mapping[str, Any], response: Mapping[str, Any], name: str) -> Dict[str, Any]:
    """The response, with who answered where the schema has a place for it."""
    properties = schema.get("properties")
    named = isinstance(properties, Mapping) and BY in properties
    return {**response, BY: name} if named else dict(response)


def in_words(schema: Mapping[str, Any], response: Mapping[str, Any]) -> str:
    """What was answered, on a line; secret answers are not shown."""
    said = []
    properties = asked(schema)
    for name, value in response.items():
        if name == BY:
            continue
        spec = properties.get(name, {})
        label = next((text for text, one in _offered(spec) if one is value or one == value), None)
        shown = label if label is not None else value if isinstance(value, str) else None
        text = json.dumps(value) if shown is None else shown
        text = "…" if spec.get("secret") else one_line(clean(text), MAX_LINE_CHARACTERS)
        said.append(text if len(properties) == 1 else f"{name}: {text}")
    return ", ".join(said)


def _texts(value: Any) -> Tuple[str, ...]:
    listed = value if isinstance(value, (list, tuple)) else ()
    return tuple(str(one) for one in listed if one)


def is_among(one: Inquiry, told: Any) -> bool:
    """Whether StackStorm would take the answer of whom it says this of."""
    name = str(told.get("username") or "") if isinstance(told, dict) else ""
    rbac = told.get("rbac") if isinstance(told, dict) else None
    roles = set(rbac.get("roles") or ()) if isinstance(rbac, dict) else set()
    wanted = set(one.roles)
    return (not one.users or name in one.users) and (not wanted or bool(wanted & roles))


def why_refused(said: str) -> str:
    """The line for people, of what StackStorm says of an answer that it does not take."""
    _, _, reason = said.partition("did not pass schema validation. ")
    return (reason or said).split("\n")[0].split("Failed validating")[0].strip()
