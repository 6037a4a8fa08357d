"""Pure: a rule's criteria against a trigger's payload, decided as StackStorm decides (st2reactor
`RuleFilter`).

    matches({"trigger.incident.priority": {"type": "equals", "pattern": "P1"}}, payload) -> bool
    check(criteria, payload) -> [CriterionFinding(key, operator, expected, actual, ...), ...]

Keys begin with `trigger.`; `#` and what follows is ignored (StackStorm's way to check a field
twice). Of JSONPath there are names, `[0]`, `[*]` and `['quoted name']`. What is not supported
raises `Unsupported` by name: other paths, operators StackStorm has not, and patterns that are
templates. An operator that fails on a value does not match.

Where StackStorm's modules can be imported, its own operators decide; the ones here are for the
embedded default and for tests, and are held to StackStorm's by a test.
"""

# flake8: noqa: E501

from __future__ import annotations

import fnmatch
import re
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput

Operator = Callable[[Any, Any], bool]
Clock = Callable[[], float]

SEARCH = "search"
CONDITIONS = ("any", "all", "any2any", "all2any")

_STEP = re.compile(
    r"\.?([A-Za-z_][A-Za-z0-9_\-]*)|\[(\d+|\*)\]|\.?(?:\['([^']*)'\]|'([^']*)'|\"([^\"]*)\")|\.(\*)"
)


class Unsupported(RejectedInput):
    """A criterion that is not decided here, by name."""


class UnknownOperator(Unsupported):
    """No operator of StackStorm's has this name: a mistake, wherever the rule runs."""


class CriterionFinding(NamedTuple):
    """One criterion's verdict, with what it compared."""

    key: str
    operator: str
    expected: Any
    actual: Any
    matched: bool
    problem: str = ""


def matches(criteria: Mapping[str, Any], payload: Any, clock: Clock = time.time) -> bool:
    """Whether the payload meets all criteria; raises Unsupported."""
    if criteria and not payload:
        return False
    return all(
        _check(key, criterion, {"trigger": payload}, clock).matched
        for key, criterion in criteria.items()
    )


def check(
    criteria: Mapping[str, Any], payload: Any, clock: Clock = time.time
) -> List[CriterionFinding]:
    """The verdict of every criterion, in their order; raises Unsupported."""
    return [
        _check(key, criterion, {"trigger": payload}, clock) for key, criterion in criteria.items()
    ]


def validate(criteria: Mapping[str, Any]) -> None:
    """Raises Unsupported for the first criterion that can't be decided here."""
    check(criteria, {})


def _check(key: str, criterion: Any, context: Mapping[str, Any], clock: Clock) -> CriterionFinding:
    if not isinstance(criterion, Mapping) or "type" not in criterion:
        return CriterionFinding(key, "", None, None, False, "the criterion has no type")
    operator = str(criterion["type"])
    function = operator_of(operator.lower())
    if function is None:
        raise UnknownOperator(
            f"criterion on {key}: there is no operator '{operator}'{_near_operator(operator)}"
        )
    pattern = _pattern(key, criterion.get("pattern"))
    found = lookup(key.split("#", 1)[0], context)
    actual = found[0] if found else None
    try:
        if operator == SEARCH:
            matched = _search(actual, pattern, criterion.get("condition"), clock)
        elif function in BY_OUR_CLOCK:
            matched = pattern is not None and function(clock() - _epoch(actual), float(pattern))
        else:
            matched = bool(function(actual, pattern))
    except Unsupported:
        raise
    except Exception as error:  # noqa: BLE001 - StackStorm: whatever the operator raises, the rule does not match
        return CriterionFinding(
            key, operator, pattern, actual, False, f"{type(error).__name__}: {error}"
        )
    return CriterionFinding(key, operator, pattern, actual, matched)


MEANT = {
    **dict.fromkeys(("is", "=", "==", "===", "same"), "equals"),
    **dict.fromkeys(("!=", "<>", "not", "isnot", "is not"), "nequals"),
    **dict.fromkeys(("has", "includes", "include"), "contains"),
    **dict.fromkeys(("oneof", "one of", "one_of", "any"), "inside"),
    **dict.fromkeys((">", "more", "above"), "greaterthan"),
    **dict.fromkeys(("<", "less", "below"), "lessthan"),
    **dict.fromkeys(("like", "glob"), "matchwildcard"),
}
"""Operators as people write them elsewhere."""


def _near_operator(operator: str) -> str:
    import difflib

    meant = MEANT.get(operator.strip().lower())
    near = [meant] if meant else difflib.get_close_matches(operator.lower(), list(OPERATORS), n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(OPERATORS)}"


def operator_of(name: str) -> Optional[Operator]:
    """StackStorm's own operator where its modules can be imported, else this module's; None for
    one that neither has. Those of times and lists are always this module's: they take a clock."""
    ported = OPERATORS.get(name)
    if ported in BY_OUR_CLOCK or name == SEARCH:
        return ported
    return _stackstorms_operators().get(name, ported)


@lru_cache(maxsize=1)
def _stackstorms_operators() -> Mapping[str, Operator]:
    try:
        from st2common.operators import get_allowed_operators
    except Exception:  # noqa: BLE001 - not there, or not whole: decided here
        return {}
    return dict(get_allowed_operators())


def _pattern(key: str, pattern: Any) -> Any:
    """As StackStorm's templates leave a text without a template: one line end at its end goes."""
    if not isinstance(pattern, str):
        return pattern
    if "{{" in pattern or "{%" in pattern or "{#" in pattern:
        raise Unsupported(f"criterion on {key}: a pattern that is a template")
    return re.sub(r"(\r\n|\r|\n)\Z", "", pattern)


def steps(path: str) -> List[str]:
    """The names of a path in their order, `[0]` for an index, `[*]` and `.*` for all. Raises
    Unsupported for what else JSONPath has."""
    found: List[str] = []
    at, text = 0, path.strip()
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None or (at == 0 and text[0] == "."):
            raise Unsupported(
                f"criterion on {path}: only names, [0], [*] and quoted names are supported "
                "in a path"
            )
        at = step.end()
        name, index, *quoted, star = step.groups()
        if star:
            found.append(".*")
        elif index is not None:
            found.append(f"[{index}]")
        else:
            found.append(name if name is not None else next(q for q in quoted if q is not None))
    return found


def lookup(path: str, context: Mapping[str, Any]) -> List[Any]:
    """The values at a path, none when it leads nowhere. Raises Unsupported for what else JSONPath
    has."""
    values: List[Any] = [context]
    for step in steps(path):
        if step in ("[*]", ".*"):
            values = [item for value in values for item in _items(value, names=step == ".*")]
        elif re.fullmatch(r"\[\d+\]", step):
            number = int(step[1:-1])
            values = [
                value[number]
                for value in values
                if isinstance(value, (list, tuple)) and len(value) > number
            ]
        else:
            values = [
                value[step] for value in values if isinstance(value, Mapping) and step in value
            ]
    return values


def _items(value: Any, *, names: bool) -> List[Any]:
    if names and isinstance(value, Mapping):
        return list(value.values())
    if not names:
        return list(value) if isinstance(value, (list, tuple)) else [value]
    return []


def _search(
    value: Any, patterns: Mapping[str, Any], condition: Optional[str], clock: Clock
) -> bool:
    """any/all items of the list meet all patterns; any2any/all2any: at least one of them."""
    if condition not in CONDITIONS:
        raise ValueError(f"the condition of a search is one of {', '.join(CONDITIONS)}")
    items = [value] if isinstance(value, Mapping) else list(value)
    of_items = any if condition in ("any", "any2any") else all
    of_patterns = any if condition in ("any2any", "all2any") else all
    verdicts = [
        of_patterns(
            [
                _check(key, criterion, {"item": item}, clock).matched
                for key, criterion in patterns.items()
            ]
        )
        for item in items
    ]
    return of_items(verdicts)


def _epoch(value: Any) -> float:
    """Seconds since the epoch of a time in whatever form StackStorm reads; naive ones are UTC."""
    plain = times.seconds(value) if isinstance(value, str) else None
    if plain is not None:
        return plain
    from datetime import timezone

    from dateutil import parser

    moment = parser.parse(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _texts(function: Operator) -> Operator:
    """Bytes are text; nothing but a pattern decides (StackStorm: a pattern of None never
    matches)."""

    def decided(value: Any, pattern: Any) -> bool:
        if pattern is None:
            return False
        return function(_text(value), _text(pattern))

    return decided


def _text(value: Any) -> Any:
    return value.decode("utf-8") if isinstance(value, bytes) else value


def _nequals(value: Any, pattern: Any) -> bool:
    return bool(_text(value) != _text(pattern))


def _timediff_lt(age: Any, seconds: Any) -> bool:
    return bool(age < seconds)


def _timediff_gt(age: Any, seconds: Any) -> bool:
    return bool(age > seconds)


def _exists(value: Any, pattern: Any) -> bool:
    return value is not None


def _nexists(value: Any, pattern: Any) -> bool:
    return value is None


def _never(value: Any, pattern: Any) -> bool:
    raise TypeError("search is written in lower case")


_NAMED: Tuple[Tuple[Tuple[str, ...], Operator], ...] = (
    (("equals", "eq"), _texts(lambda value, pattern: value == pattern)),
    (("iequals", "ieq"), _texts(lambda value, pattern: value.lower() == pattern.lower())),
    (("nequals", "neq"), _nequals),
    (("contains",), _texts(lambda value, pattern: pattern in value)),
    (("icontains",), _texts(lambda value, pattern: pattern.lower() in value.lower())),
    (("ncontains",), _texts(lambda value, pattern: pattern not in value)),
    (("incontains",), _texts(lambda value, pattern: pattern.lower() not in value.lower())),
    (("startswith",), _texts(lambda value, pattern: value.startswith(pattern))),
    (("istartswith",), _texts(lambda value, pattern: value.lower().startswith(pattern.lower()))),
    (("endswith",), _texts(lambda value, pattern: value.endswith(pattern))),
    (("iendswith",), _texts(lambda value, pattern: value.lower().endswith(pattern.lower()))),
    (("lessthan", "lt"), lambda value, pattern: pattern is not None and value < pattern),
    (("greaterthan", "gt"), lambda value, pattern: pattern is not None and value > pattern),
    (("matchwildcard",), _texts(lambda value, pattern: fnmatch.fnmatch(value, pattern))),
    (
        ("matchregex",),
        _texts(lambda value, pattern: re.compile(pattern, re.DOTALL).match(value) is not None),
    ),
    (("regex",), _texts(lambda value, pattern: re.search(pattern, value) is not None)),
    (
        ("iregex",),
        _texts(lambda value, pattern: re.search(pattern, value, re.IGNORECASE) is not None),
    ),
    (("timediff_lt", "td_lt"), _timediff_lt),
    (("timediff_gt", "td_gt"), _timediff_gt),
    (("exists",), _exists),
    (("nexists",), _nexists),
    (("inside", "in"), _texts(lambda value, pattern: value in pattern)),
    (("ninside", "nin"), _texts(lambda value, pattern: value not in pattern)),
    ((SEARCH,), _never),
)
BY_OUR_CLOCK = (_timediff_lt, _timediff_gt)
OPERATORS: Dict[str, Operator] = {name: function for names, function in _NAMED for name in names}
"""Every operator of StackStorm's rules, by all its names, as this module has it."""
