"""What a body may hold: forms whose fields are read and checked as PagerDuty does, with every
error named at once.

    TAG = Form("tag", label=Field(text(191), required=True))
    fields = TAG.read(call, call.body("tag"))

Fields that are not in the form are ignored, as PagerDuty ignores them (and what is read-only with
them).
"""

# flake8: noqa: W503

from __future__ import annotations

import re
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from dateutil import parser, tz

from .call import PagerDutyCall
from .model import Thing, invalid

Read = Callable[[PagerDutyCall, Any], Any]
"""The value as the account keeps it. Raises `Problem`."""


class Problem(Exception):
    """What is wrong with a value, as words that follow its name; of a nested form several."""

    def __init__(self, *words: str) -> None:
        super().__init__(*words)
        self.words = words


class Field(NamedTuple):
    read: Read
    required: bool = False
    store: str = ""
    """The name it is kept under, when it is another one."""
    null: bool = False
    """Whether null is a value; else it counts as missing."""


class BodyForm:
    def __init__(self, kind: str = "", /, **fields: Field) -> None:
        """With a `kind` the body must name it as its type (or `<kind>_reference`); an update may
        leave it out."""
        self._type = kind
        self._fields = fields

    def read(self, call: PagerDutyCall, value: Any, partial: bool = False) -> Thing:
        """The fields given. `partial`: an update, where nothing is required. Raises 400 with all
        that is wrong."""
        try:
            return self.fields(call, value, partial)
        except Problem as problem:
            raise invalid(*problem.words) from None

    def fields(self, call: PagerDutyCall, value: Any, partial: bool = False) -> Thing:
        if not isinstance(value, dict):
            raise Problem("must be an object")
        found: Thing = {}
        problems: List[str] = []
        given = value.get("type")
        if (
            self._type
            and given not in (self._type, self._type + "_reference")
            and (given is not None or not partial)
        ):
            problems.append(f"Type must be {self._type}")
        for name, field in self._fields.items():
            label = name.replace("_", " ").capitalize()
            if name not in value or value[name] is None and not field.null:
                if field.required and (not partial or name in value):
                    problems.append(f"{label} can't be blank")
                continue
            try:
                found[field.store or name] = (
                    None if value[name] is None else field.read(call, value[name])
                )
            except Problem as problem:
                problems += [f"{label} {words}" for words in problem.words]
        if problems:
            raise Problem(*problems)
        return found


def text(most: int = 0, blank: bool = False) -> Read:
    def read(call: PagerDutyCall, value: Any) -> str:
        if not isinstance(value, str):
            raise Problem("must be a string")
        if not value.strip() and not blank:
            raise Problem("can't be blank")
        if most and len(value) > most:
            raise Problem(f"is too long (maximum is {most} characters)")
        return value

    return read


def number(low: int, high: Optional[int] = None) -> Read:
    def read(call: PagerDutyCall, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Problem("must be an integer")
        if value < low or high is not None and value > high:
            raise Problem(
                f"must be between {low} and {high}"
                if high is not None
                else f"must be at least {low}"
            )
        return value

    return read


def flag(call: PagerDutyCall, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Problem("must be true or false")
    return value


def one_of(*values: str) -> Read:
    def read(call: PagerDutyCall, value: Any) -> Any:
        if value not in values:
            raise Problem(f"is not included in the list: {', '.join(values)}")
        return value

    return read


def moment(call: PagerDutyCall, value: Any) -> int:
    """An ISO 8601 time as seconds since the epoch; without an offset it is UTC."""
    try:
        found = parser.isoparse(value)
    except (ValueError, TypeError):
        raise Problem("is not a valid date") from None
    return int((found if found.tzinfo else found.replace(tzinfo=tz.UTC)).timestamp())


def zone(call: PagerDutyCall, value: Any) -> str:
    if not isinstance(value, str) or not value or tz.gettz(value) is None:
        raise Problem("is not a valid time zone")
    return value


def url(call: PagerDutyCall, value: Any) -> str:
    if not isinstance(value, str) or not re.match(r"https?://[^\s/]+", value):
        raise Problem("is not a valid URL")
    return value


def email(call: PagerDutyCall, value: Any) -> str:
    if (
        not isinstance(value, str)
        or not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value)
        or not 6 <= len(value) <= 100
    ):
        raise Problem("is invalid")
    return value


def refer(kind: str, *types: str) -> Read:
    """A reference `{id, type}` to a thing in the catalog, kept as its id; `types` when only these
    will do."""

    def read(call: PagerDutyCall, value: Any) -> str:
        id = value.get("id") if isinstance(value, dict) else None
        if not isinstance(id, str) or id not in call.account.catalog[kind]:
            raise Problem("could not be found")
        if types and value.get("type") not in types:
            raise Problem(f"must have a type of: {', '.join(types)}")
        return id

    return read


def many(read: Read, least: int = 0, most: int = 0) -> Read:
    def read_all(call: PagerDutyCall, value: Any) -> List[Any]:
        if not isinstance(value, list):
            raise Problem("must be an array")
        if len(value) < least:
            raise Problem(
                "can't be empty" if least == 1 else f"must have at least {least} entries"
            )
        if most and len(value) > most:
            raise Problem(f"can't have more than {most} entries")
        found, problems = [], []
        for place, item in enumerate(value):
            try:
                found.append(read(call, item))
            except Problem as problem:
                problems += [f"[{place}] {words}" for words in problem.words]
        if problems:
            raise Problem(*problems)
        return found

    return read_all


def nested(form: BodyForm) -> Read:
    return form.fields


def mapping(call: PagerDutyCall, value: Any) -> Dict[str, Any]:
    """Any object; what it holds is kept as it came."""
    if not isinstance(value, dict):
        raise Problem("must be an object")
    return value


def either(*reads: Tuple[Callable[[Any], bool], Read]) -> Read:
    """The first reader whose test takes the value."""

    def read(call: PagerDutyCall, value: Any) -> Any:
        for fits, inner in reads:
            if fits(value):
                return inner(call, value)
        raise Problem("is invalid")

    return read


def texts(values: Sequence[str]) -> Read:
    """A list of words out of a closed set, each once."""

    def read(call: PagerDutyCall, value: Any) -> List[str]:
        found: List[str] = many(one_of(*values), least=1)(call, value)
        if len(set(found)) < len(found):
            raise Problem("must not repeat")
        return found

    return read
