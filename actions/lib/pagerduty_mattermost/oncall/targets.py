"""Schedules and escalation policies as people name them, and who is on call for many of them at
once.

    found = [target(pagerduty, text) for text in ("Platform rotation", "PPOL123")]
    present_at(pagerduty, found, now)    # {"PSCHED1": [Reference(...)], "PPOL123": [...]}
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import (
    Dict,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

from pagerduty_mattermost.core.errors import Ambiguous, NotFound, PackError
from pagerduty_mattermost.core.json_values import to_json
from pagerduty_mattermost.core.text import clean, did_you_mean, one_line
from pagerduty_mattermost.gateways.pagerduty import on_calls, schedules
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.on_calls import OnCall
from pagerduty_mattermost.gateways.pagerduty.references import Reference, resolve, resolve_each
from pagerduty_mattermost.gateways.stackstorm.broken_values import read_record
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

KINDS = ("schedule", "escalation_policy")
WORDS = {"schedule": "schedule", "policy": "escalation_policy"}
"""Where a name is both: "schedule:Platform", "policy:Platform"."""
MAX_IDS = 100
"""In one request: an address must not grow without end."""


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
    """Which kinds of thing it may be, and its id or name."""
    word, _, name = text.partition(":")
    kind = WORDS.get(word.strip().lower())
    return ((kind,), name.strip()) if kind and name.strip() else (KINDS, text)


KEY = "watched"
LOOKED_UP_SECONDS, UNKNOWN_SECONDS = 86400.0, 600.0
"""After which all names are looked up again; where one is unknown."""
KEPT_SECONDS = 7 * 86400.0


class OnCallTargets(NamedTuple):
    """What the texts of the configuration mean."""

    known: Dict[str, Reference]
    """By the text that names it."""
    unknown: Dict[str, str]
    """Why the others mean nothing, in one line."""


def kept_targets(
    pagerduty: PagerDuty, store: Store, texts: Sequence[str], now: float
) -> OnCallTargets:
    """What the texts mean, looked up once a day and when there are others; `forget_targets` makes
    it afresh. While PagerDuty can't tell, what it said before counts. Raises the store's errors,
    and the gateway's where nothing is known."""
    kept = _read_kept(store)
    if kept is not None:
        pagerduty.shift_based_before.update(kept.shift_based)
    if kept is not None and set(texts) <= {*kept.known, *kept.unknown}:
        chosen = OnCallTargets(
            {text: Reference(*kept.known[text]) for text in texts if text in kept.known},
            {text: kept.unknown[text] for text in texts if text in kept.unknown},
        )
        if now - kept.at < (UNKNOWN_SECONDS if chosen.unknown else LOOKED_UP_SECONDS):
            return chosen
        try:
            found = targets(pagerduty, texts)
        except PackError:
            return chosen
    else:
        found = targets(pagerduty, texts)
    known = {text: (one.kind, one.id, one.name) for text, one in found.known.items()}
    ids = {one.id for one in found.known.values()}
    kinds = {id: is_one for id, is_one in pagerduty.shift_based.items() if id in ids}
    store.write(KEY, to_json(_KeptTargets(now, known, found.unknown, kinds)), KEPT_SECONDS)
    return found


def known_targets(store: Store) -> Dict[str, Reference]:
    """What the texts of the configuration meant when they were last looked up. Raises
    StoreUnreachable."""
    kept = _read_kept(store)
    return {text: Reference(*one) for text, one in kept.known.items()} if kept else {}


def forget_targets(store: Store) -> None:
    """The next `kept_targets` looks all names up."""
    store.delete(KEY)


class _KeptTargets(NamedTuple):
    at: float
    known: Mapping[str, Tuple[str, str, str]]
    """Text to kind, id and name."""
    unknown: Mapping[str, str]
    shift_based: Mapping[str, bool] = {}
    """Of schedules by id, as PagerDuty told with their names."""


def _read_kept(store: Store) -> Optional[_KeptTargets]:
    return read_record(store, KEY, _KeptTargets)


def targets(pagerduty: PagerDuty, texts: Iterable[str], *, suggest: bool = False) -> OnCallTargets:
    """What each text means: few requests however many there are. `suggest`: near spellings are
    named. Raises the gateway's errors."""
    wanted: Dict[str, Dict[str, str]] = {kind: {} for kind in KINDS}
    """By kind: text to the name in it."""
    for text in texts:
        kinds, name = asked(text)
        for kind in kinds:
            wanted[kind][text] = name
    found = OnCallTargets({}, {})
    means: Dict[str, List[Union[Reference, NotFound, Ambiguous]]] = {}
    for kind, names in wanted.items():
        answers = resolve_each(pagerduty, kind, names.values(), suggest=suggest) if names else {}
        for text, name in names.items():
            means.setdefault(text, []).append(answers[name])
    for text, found_as in means.items():
        fit = [one for one in found_as if isinstance(one, Reference)]
        several = next((one for one in found_as if isinstance(one, Ambiguous)), None)
        shown = repr(one_line(clean(text, 100)))
        if len(fit) == 1 and several is None:
            found.known[text] = fit[0]
        elif fit and several is None:
            found.unknown[text] = (
                f"{shown} is a schedule and an escalation policy: write schedule:… or policy:…"
            )
        else:
            hint = "".join(
                did_you_mean(one.meant) for one in found_as if isinstance(one, NotFound)
            )
            found.unknown[text] = str(
                several or f"there is no schedule or escalation policy {shown}{hint}"
            )
    return found


def present_at(
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
        found[id] = _people(rows) or schedules.on_duty(pagerduty, id, now)
    for id, rows in rows_of(pagerduty, "escalation_policy", by_kind["escalation_policy"]).items():
        found[id] = _people(on_calls.first_level(rows))
    return found


def rows_of(
    pagerduty: PagerDuty,
    kind: str,
    ids: Sequence[str],
    *,
    since: Optional[float] = None,
    until: Optional[float] = None,
) -> Dict[str, List[OnCall]]:
    """The on-calls of each of the schedules or policies, first level first; each id is there."""
    found: Dict[str, List[OnCall]] = {id: [] for id in ids}
    for begin in range(0, len(ids), MAX_IDS):
        of = {kind + "_ids": list(ids[begin : begin + MAX_IDS])}
        for row in on_calls.read(pagerduty, of, whole=True, since=since, until=until):
            id = row.schedule_id if kind == "schedule" else row.policy_id
            if id in found:
                found[id].append(row)
    return found


def _people(rows: Iterable[OnCall]) -> List[Reference]:
    return list({row.user.id: row.user for row in rows}.values())
