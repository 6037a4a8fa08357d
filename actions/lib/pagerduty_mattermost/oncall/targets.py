"""Schedules and escalation policies as people name them, and who is on call for many of them at
once.

found = [target(pagerduty, text) for text in ("Platform rotation", "PPOL123")]
present(pagerduty, found, now)      # {"PSCHED1": [Reference(...)], "PPOL123": [...]}
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, NamedTuple, Sequence, Tuple, Union

from pagerduty_mattermost.core.errors import Ambiguous, NotFound, PackError
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.pagerduty import on_calls as oncall
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.on_calls import OnCall
from pagerduty_mattermost.gateways.pagerduty.references import Reference, resolve, resolve_each
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store

KINDS = ("schedule", "escalation_policy")
WORDS = {"schedule": "schedule", "policy": "escalation_policy"}
"""Where a name is both: "schedule:Platform", "policy:Platform"."""
AT_ONCE = 100
"""Ids in one request: an address must not grow without end."""


def target(pagerduty: PagerDuty, text: str) -> Reference:
    """The schedule, else the escalation policy, of that id or name; "schedule:…" and "policy:…"
    name the kind.

    Raises NotFound, Ambiguous and the gateway's errors.
    """
    kinds, name = asked(text)
    for kind in kinds:
        try:
            return resolve(pagerduty, kind, name)
        except NotFound:
            if len(kinds) == 1:
                raise
    raise NotFound(f"there is no schedule or escalation policy {one_line(clean(text, 100))!r}")


def asked(text: str) -> Tuple[Sequence[str], str]:
    """Of which kinds it may be, and its id or name."""
    word, _, name = text.partition(":")
    kind = WORDS.get(word.strip().lower())
    return ((kind,), name.strip()) if kind and name.strip() else (KINDS, text)


KEPT = "watched"
KEEP, KEEP_UNKNOWN = 86400.0, 600.0
"""Seconds after which all names are looked up again; where one is unknown."""


class Targets(NamedTuple):
    known: Dict[str, Reference]
    """By the text that names it."""
    unknown: Dict[str, str]
    """Why the others mean nothing, in one line."""


def kept_targets(pagerduty: PagerDuty, store: Store, texts: Sequence[str], now: float) -> Targets:
    """What the texts mean, looked up once a day and when there are others; `forget` makes it
    afresh. While PagerDuty can't tell, what it told before counts. Raises the store's errors, and
    the gateway's where nothing is known."""
    try:
        kept = store.read(KEPT)
    except BrokenValue:
        kept = None
    before = _kept(kept)
    if before is not None and set(texts) <= {*before.known, *before.unknown}:
        chosen = Targets(
            {text: before.known[text] for text in texts if text in before.known},
            {text: before.unknown[text] for text in texts if text in before.unknown},
        )
        if now - float(kept["at"]) < (KEEP_UNKNOWN if chosen.unknown else KEEP):
            return chosen
        try:
            found = targets(pagerduty, texts)
        except PackError:
            return chosen
    else:
        found = targets(pagerduty, texts)
    known = {text: [one.kind, one.id, one.name] for text, one in found.known.items()}
    store.write(KEPT, {"at": now, "known": known, "unknown": found.unknown}, KEEP * 7)
    return found


def forget(store: Store) -> None:
    store.delete(KEPT)


def _kept(value: Any) -> Union[Targets, None]:
    try:
        known = {
            str(text): Reference(str(row[0]), str(row[1]), str(row[2]))
            for text, row in value["known"].items()
        }
        float(value["at"])
        return Targets(known, {str(text): str(why) for text, why in value["unknown"].items()})
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return None


def targets(pagerduty: PagerDuty, texts: Iterable[str]) -> Targets:
    """What each text means: few requests however many there are. Raises the gateway's errors."""
    wanted: Dict[str, Dict[str, str]] = {kind: {} for kind in KINDS}
    """By kind: text to the name in it."""
    for text in texts:
        kinds, name = asked(text)
        for kind in kinds:
            wanted[kind][text] = name
    found = Targets({}, {})
    means: Dict[str, List[Union[Reference, NotFound, Ambiguous]]] = {}
    for kind, names in wanted.items():
        answers = resolve_each(pagerduty, kind, names.values()) if names else {}
        for text, name in names.items():
            means.setdefault(text, []).append(answers[name])
    for text, told in means.items():
        fit = [one for one in told if isinstance(one, Reference)]
        several = next((one for one in told if isinstance(one, Ambiguous)), None)
        shown = repr(one_line(clean(text, 100)))
        if len(fit) == 1 and several is None:
            found.known[text] = fit[0]
        elif fit and several is None:
            found.unknown[text] = (
                f"{shown} is a schedule and an escalation policy: write schedule:… or policy:…"
            )
        else:
            found.unknown[text] = str(
                several or f"there is no schedule or escalation policy {shown}"
            )
    return found


def present(
    pagerduty: PagerDuty, targets: Iterable[Reference], now: float
) -> Dict[str, List[Reference]]:
    """Who is on call now, by the target's id: by a schedule everyone, by a policy its first level
    that has anyone.

    One request for each 100 schedules and 100 policies (and their pages); PagerDuty's on-calls
    know only schedules that a policy uses, so each other one is asked for by itself.
    """
    by_kind: Dict[str, List[str]] = {kind: [] for kind in KINDS}
    for one in targets:
        if one.id not in by_kind[one.kind]:
            by_kind[one.kind].append(one.id)
    found: Dict[str, List[Reference]] = {}
    for id, rows in rows_of(pagerduty, "schedule", by_kind["schedule"]).items():
        found[id] = _people(rows) or oncall.on_duty(pagerduty, id, now)
    for id, rows in rows_of(pagerduty, "escalation_policy", by_kind["escalation_policy"]).items():
        found[id] = _people(oncall.first_level(rows))
    return found


def rows_of(
    pagerduty: PagerDuty, kind: str, ids: Sequence[str], **span: float
) -> Dict[str, List[OnCall]]:
    """The on-calls of each of the schedules or policies, first level first; each id is there."""
    found: Dict[str, List[OnCall]] = {id: [] for id in ids}
    for begin in range(0, len(ids), AT_ONCE):
        for row in oncall.read(
            pagerduty, {kind + "_ids": list(ids[begin : begin + AT_ONCE])}, whole=True, **span
        ):
            id = row.schedule_id if kind == "schedule" else row.policy_id
            if id in found:
                found[id].append(row)
    return found


def _people(rows: Iterable[OnCall]) -> List[Reference]:
    return list({row.user.id: row.user for row in rows}.values())
