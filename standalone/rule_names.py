"""Whether the services, teams, people and priorities that enabled rules compare with exist at
PagerDuty, written as the operator wants them: a rule that names one that does not never fires."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Tuple

from standalone.checks import CheckFinding
from standalone.pack_model import Pack
from standalone.rule_check import PagerDutyName, names_of


class UnknownName(NamedTuple):
    """One that matches nothing."""

    rule: str
    line: str


def check(pagerduty: Any, pack: Pack) -> Iterator[CheckFinding]:
    """One line for each name that matches nothing. One or two requests a kind of name."""
    from pagerduty_mattermost.core.errors import PackError

    for kind, uses in _by_kind(pack).items():
        try:
            found = list(_unknown(pagerduty, kind, uses))
        except PackError as error:
            yield CheckFinding(False, f"the {kind}s that rules name: {error}")
            continue
        for one in found:
            yield CheckFinding(False, f"the rule {one.rule}: {one.line}")


def unknown(pagerduty: Any, pack: Pack) -> Iterator[UnknownName]:
    """The same as values. Raises the gateway's errors."""
    for kind, uses in _by_kind(pack).items():
        yield from _unknown(pagerduty, kind, uses)


def _by_kind(pack: Pack) -> Dict[str, List[Tuple[str, PagerDutyName]]]:
    found: Dict[str, List[Tuple[str, PagerDutyName]]] = {}
    for rule in sorted(pack.rules.values()):
        for name in names_of(rule) if rule.enabled else ():
            found.setdefault(name.kind, []).append((rule.ref, name))
    return found


def _unknown(
    pagerduty: Any, kind: str, uses: List[Tuple[str, PagerDutyName]]
) -> Iterator[UnknownName]:
    from pagerduty_mattermost.gateways.pagerduty.references import resolve_each

    found = resolve_each(pagerduty, kind, sorted({name.text for _, name in uses}), suggest=True)
    for ref, name in uses:
        problem = _problem(name, found[name.text])
        if problem:
            yield UnknownName(ref, f"{name.key}: {problem}")


def _problem(name: PagerDutyName, found: Any) -> str:
    from pagerduty_mattermost.core.errors import Ambiguous

    if isinstance(found, Ambiguous) and not name.by_id:
        return ""  # several of that name: all of them are meant
    if isinstance(found, Exception):
        line = str(found)
        return line if line.endswith((".", "?")) else f"{line}; write its name as PagerDuty has it"
    wanted = found.id if name.by_id else found.name
    same = name.text == wanted or (name.any_case and name.text.casefold() == wanted.casefold())
    if same:
        return ""
    if not name.by_id and name.text == found.id:
        return f"'{name.text}' is the id of {found.name}: write the name, or compare {name.key}_id"
    return f"'{name.text}' never matches: it is written '{wanted}' at PagerDuty"
