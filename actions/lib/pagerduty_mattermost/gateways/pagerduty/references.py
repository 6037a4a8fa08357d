"""PagerDuty's services, teams, users, priorities, escalation policies, templates and schedules by
id, name or e-mail.

    resolve(pagerduty, "service", "Checkout").id
    resolve_all(pagerduty, "team", config.watch.teams)       # few requests however many names

Names and e-mails are compared whole, whatever the case; surrounding and doubled spaces don't
count. Two matches raise `Ambiguous` listing both, none raises `NotFound` with near spellings. What
looks like an id is tried as one first.
"""

from __future__ import annotations

import re
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from pagerduty_mattermost.core.errors import (
    Ambiguous,
    NotFound,
    PackError,
    RejectedInput,
    Unauthorized,
)
from pagerduty_mattermost.core.text import ascii_lower, clean, did_you_mean, one_line
from pagerduty_mattermost.gateways.pagerduty.client import PAGE_SIZE, PagerDuty

MAX_TEXT_CHARACTERS = 320
"""An e-mail address is at most this long, and so is everything asked for."""
SUGGESTION_ROWS = 1000
MAX_LISTED = 8
"""Things that an error lists where none is spelt alike."""
MIN_PART_CHARACTERS = 3
"""Fewer mean no name that they are a part of."""


class Reference(NamedTuple):
    """One thing of PagerDuty's."""

    kind: str
    id: str
    name: str
    email: str = ""
    """Of a user."""
    escalation_policy_id: str = ""
    """Of a service."""


class _Kind(NamedTuple):
    path: str
    key: str
    word: str
    by_id: bool = True
    """Whether `GET path/{id}` exists, and `query` filters the list."""
    shift_based: str = ""
    """Path of a second list, of those that the first leaves out: it takes no `query`."""


SHIFT_BASED_PATH = "/v3/schedules"
MAX_SHIFT_BASED = 1000
"""Rows of a page of their list (API: GET /v3/schedules)."""
KINDS = {
    "service": _Kind("/services", "services", "service"),
    "team": _Kind("/teams", "teams", "team"),
    "user": _Kind("/users", "users", "user"),
    "priority": _Kind("/priorities", "priorities", "priority", by_id=False),
    "escalation_policy": _Kind("/escalation_policies", "escalation_policies", "escalation policy"),
    "template": _Kind("/templates", "templates", "template"),
    "schedule": _Kind("/schedules", "schedules", "schedule", shift_based=SHIFT_BASED_PATH),
}

_ID = re.compile(r"[A-Z0-9]{6,30}")
"""PagerDuty's ids begin with a letter and are at least seven characters long; one less to be safe.
"""


def is_id_like(text: str) -> bool:
    """Whether it may be an id of PagerDuty's."""
    return _ID.fullmatch(text) is not None


def resolve(pagerduty: PagerDuty, kind: str, text: str) -> Reference:
    """The one thing meant. Raises RejectedInput (empty), Ambiguous, NotFound, and what the gateway
    raises."""
    return _resolved(pagerduty, kind, text)[0]


def resolve_user(pagerduty: PagerDuty, text: str) -> Tuple[Reference, str]:
    """The one user meant, and their role at PagerDuty (owner, admin, user, limited_user, observer,
    …; empty where it is not told). Raises as `resolve`."""
    found, rows = _resolved(pagerduty, "user", text)
    roles = (str(row.get("role") or "") for row in rows if row.get("id") == found.id)
    return found, next(roles, "")


def _resolved(
    pagerduty: PagerDuty,
    kind: str,
    text: str,
    shift_based: Optional[List[Dict[str, Any]]] = None,
) -> Tuple[Reference, List[Dict[str, Any]]]:
    """The one thing meant, and the rows that it was picked from. `shift_based`: the second list,
    where it was read already."""
    what = KINDS[kind]
    wanted = _wanted(what, text)
    if not what.by_id:
        rows = _rows(pagerduty, what)
        return _pick(what, kind, wanted, rows, True), rows
    if _ID.fullmatch(wanted):
        row = row_by_id(pagerduty, kind, wanted)
        if row is not None:
            return reference(kind, row), [row]
    if kind == "user" and "@" in wanted:
        rows = _by_email(pagerduty, what, wanted)
        return _pick(what, kind, wanted, rows, True), rows
    rows = _rows(pagerduty, what, wanted)
    if _matches(kind, wanted, rows):
        return _pick(what, kind, wanted, rows, False), rows
    if shift_based is None:
        shift_based = shift_based_rows(pagerduty, what)
    if _matches(kind, wanted, shift_based):
        return _pick(what, kind, wanted, shift_based, False), shift_based
    rows += _rows(pagerduty, what, maximum=SUGGESTION_ROWS) + shift_based
    return _pick(what, kind, wanted, rows, True), rows


class SearchResult(NamedTuple):
    """What a text may mean among things of one kind."""

    exact: List[Reference]
    """Whose id, name or e-mail address it is."""
    partial: List[Reference]
    """Whose name it is a part of."""


def search(pagerduty: PagerDuty, kind: str, text: str) -> SearchResult:
    """What people may mean by a part of a name: one request, of schedules two, and one or two more
    for what looks like an id. Raises RejectedInput (empty) and what the gateway raises."""
    what = KINDS[kind]
    wanted = _wanted(what, text)
    if _ID.fullmatch(wanted):
        row = row_by_id(pagerduty, kind, wanted)
        if row is not None:
            return SearchResult([reference(kind, row)], [])
    rows = pagerduty.page(what.path, what.key, {"query": wanted}).items
    rows += shift_based_rows(pagerduty, what)
    exact = _matches(kind, wanted, rows)
    folded = wanted.casefold()
    if len(folded) < MIN_PART_CHARACTERS:
        return SearchResult(exact, [])
    named = (reference(kind, row) for row in rows)
    return SearchResult(exact, [one for one in named if folded in one.name.casefold()])


class WordSearch(NamedTuple):
    """What was found by single words, among all things of some kinds."""

    found: List[Reference]
    """Whose name has each of the words in it."""
    near: str
    """Near spellings, as the end of a sentence; empty where there are none."""


def search_words(pagerduty: PagerDuty, kinds: Iterable[str], text: str) -> WordSearch:
    """What people may mean by some words of a name ("check rot"). Reads up to SUGGESTION_ROWS of
    each kind. Raises what the gateway raises."""
    wanted = one_line(clean(text, MAX_TEXT_CHARACTERS))
    names: Dict[str, Tuple[str, ...]] = {}
    found: List[Reference] = []
    for kind in kinds:
        what = KINDS[kind]
        rows = _rows(pagerduty, what, maximum=SUGGESTION_ROWS)
        rows += shift_based_rows(pagerduty, what)
        names.update(_names(kind, rows))
        named = (reference(kind, row) for row in rows)
        found += [one for one in named if _has_words(one.name, wanted)]
    return WordSearch(found, did_you_mean(_nearest(names, wanted)))


def suggestions(pagerduty: PagerDuty, kinds: Iterable[str], text: str) -> str:
    """`WordSearch.near` alone."""
    return search_words(pagerduty, kinds, text).near


def _has_words(name: str, wanted: str) -> bool:
    """Whether each word of several begins one of the name's, whatever the case."""
    words = wanted.casefold().split()
    parts = name.casefold().split()
    return len(words) > 1 and all(any(part.startswith(w) for part in parts) for w in words)


def resolve_all(pagerduty: PagerDuty, kind: str, texts: Iterable[str]) -> Tuple[Reference, ...]:
    """Each of them, without repetitions. Reads the whole list where that takes fewer requests than
    asking for each.

    Raises as `resolve`; when several texts are wrong, one error names them all.
    """
    found: List[Reference] = []
    problems: List[PackError] = []
    for one in resolve_each(pagerduty, kind, texts, suggest=True).values():
        if isinstance(one, PackError):
            problems.append(one)
        elif one not in found:
            found.append(one)
    if problems:
        several = any(isinstance(one, Ambiguous) for one in problems)
        raise (Ambiguous if several else NotFound)("; ".join(str(one) for one in problems))
    return tuple(found)


def resolve_each(
    pagerduty: PagerDuty, kind: str, texts: Iterable[str], *, suggest: bool = False
) -> Dict[str, Union[Reference, NotFound, Ambiguous]]:
    """The same, each text with what it means or the error that tells why it means nothing.
    `suggest`: the error names near spellings. Raises RejectedInput (empty) and what the gateway
    raises."""
    what = KINDS[kind]
    wanted = {text: _wanted(what, text) for text in texts}
    rows = _whole(pagerduty, what, len(wanted)) if len(wanted) > 1 else None
    shift_based = shift_based_rows(pagerduty, what) if len(wanted) > 1 else None
    if rows is not None:
        rows = rows + (shift_based or [])
    found: Dict[str, Union[Reference, NotFound, Ambiguous]] = {}
    for text, word in wanted.items():
        try:
            found[text] = (
                _resolved(pagerduty, kind, word, shift_based)[0]
                if rows is None
                else _pick(what, kind, word, rows, suggest)
            )
        except (Ambiguous, NotFound) as error:
            found[text] = error
    return found


def _wanted(what: _Kind, text: str) -> str:
    wanted = one_line(clean(text, MAX_TEXT_CHARACTERS))
    if not wanted:
        raise RejectedInput(f"{what.word}: an id or a name is needed")
    return wanted


def row_by_id(pagerduty: PagerDuty, kind: str, id: str) -> Optional[Dict[str, Any]]:
    """PagerDuty's object of this id; None when there is none. Raises the gateway's errors."""
    for path in filter(None, (KINDS[kind].path, KINDS[kind].shift_based)):
        try:
            row = pagerduty.get(f"{path}/{id}").get(kind)
        except (NotFound, RejectedInput):
            continue  # a name that looks like an id
        if isinstance(row, dict) and row.get("id"):
            return row
    return None


def _by_email(pagerduty: PagerDuty, what: _Kind, wanted: str) -> List[Dict[str, Any]]:
    """Users, with the one of this e-mail address if there is one: one request, since `query`
    matches addresses as well. It is documented for names only, so all users are read where it
    finds nobody."""
    found = pagerduty.page(what.path, what.key, {"query": wanted}).items
    return found if _has_email(found, wanted) else _rows(pagerduty, what)


def _has_email(rows: List[Dict[str, Any]], wanted: str) -> bool:
    return any(ascii_lower(reference("user", row).email) == ascii_lower(wanted) for row in rows)


def _rows(
    pagerduty: PagerDuty, what: _Kind, query: str = "", maximum: int = 10000
) -> List[Dict[str, Any]]:
    rows = pagerduty.list_all(
        what.path, what.key, {"query": query} if query else None, maximum
    ).items
    if what.shift_based:
        pagerduty.shift_based.update((str(row.get("id")), False) for row in rows)
    return rows


def shift_based_rows(
    pagerduty: PagerDuty, what: _Kind = KINDS["schedule"]
) -> List[Dict[str, Any]]:
    """The second list; empty where there is none, or the account knows none. Raises the gateway's
    errors."""
    if not what.shift_based:
        return []
    try:
        rows = pagerduty.list_all(what.shift_based, what.key, page_size=MAX_SHIFT_BASED).items
    except (NotFound, RejectedInput, Unauthorized):
        return []
    pagerduty.shift_based.update((str(row.get("id")), True) for row in rows)
    return rows


def _whole(pagerduty: PagerDuty, what: _Kind, names: int) -> Optional[List[Dict[str, Any]]]:
    """All rows, or None when that takes more requests than asking for each name."""
    first = pagerduty.page(what.path, what.key, {"total": True})
    if not first.more:
        return first.items
    pages = -(-first.total // PAGE_SIZE) if first.total is not None else 1
    if pages > names + 1:
        return None
    listing = pagerduty.list_all(what.path, what.key)
    return None if listing.truncated else listing.items


def reference(kind: str, row: Mapping[str, Any]) -> Reference:
    """The reference to the thing in a row of PagerDuty's."""
    name = row.get("name") or row.get("summary") or ""
    email = row.get("email") if kind == "user" else ""
    policy = (row.get("escalation_policy") or {}).get("id") if kind == "service" else ""
    return Reference(
        kind,
        str(row.get("id") or ""),
        one_line(clean(name)),
        one_line(clean(email or "")),
        str(policy or ""),
    )


def _matches(kind: str, wanted: str, rows: List[Dict[str, Any]]) -> List[Reference]:
    """Whose id it is; else whose e-mail address, which nobody else can take for a name; else all
    of that name."""
    folded = wanted.casefold()
    found: Dict[str, Reference] = {}
    for row in rows:
        one = reference(kind, row)
        if one.id == wanted:
            return [one]
        if one.id and one.email and ascii_lower(one.email) == ascii_lower(wanted):
            return [one]
        if one.id and one.name.casefold() == folded:
            found[one.id] = one
    return list(found.values())


def _pick(
    what: _Kind, kind: str, wanted: str, rows: List[Dict[str, Any]], suggest: bool
) -> Reference:
    """The only match among the rows, or the error that tells why there is none."""
    found = _matches(kind, wanted, rows)
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(
            f"{one.name} ({one.id}{', ' + one.email if one.email else ''})" for one in found[:10]
        )
        raise Ambiguous(f"{what.word} {wanted!r} fits {len(found)}: {listed}. Give the id.")
    line = f"there is no {what.word} {wanted!r}"
    if not suggest:
        raise NotFound(line)
    names = _names(kind, rows)
    meant = _nearest(names, wanted)
    missing = NotFound(line + (did_you_mean(meant) or _all_of_few(kind, names)))
    missing.meant = meant
    raise missing


def _all_of_few(kind: str, names: Mapping[str, Sequence[str]]) -> str:
    """All that there is, as the end of a sentence, if that is not much. People are never
    listed."""
    every = [] if kind == "user" else _shown(names, names)
    return "; there are " + ", ".join(every) if 0 < len(every) <= MAX_LISTED else ""


def _names(kind: str, rows: List[Dict[str, Any]]) -> Dict[str, Tuple[str, ...]]:
    """How each may be called, and how who is called so is shown: by name, with the id where two
    have the same."""
    named: Dict[str, Dict[str, str]] = {}
    for row in rows:
        one = reference(kind, row)
        for word in (one.name, one.email):
            if word:
                named.setdefault(word.casefold(), {})[one.id] = one.name or one.email
    return {
        word: tuple(
            f"{name} ({id})" if len(named.get(name.casefold(), ids)) > 1 else name
            for id, name in ids.items()
        )
        for word, ids in named.items()
    }


def _shown(names: Mapping[str, Sequence[str]], words: Iterable[str]) -> List[str]:
    return list(dict.fromkeys(shown for word in words for shown in names[word]))


def _nearest(names: Mapping[str, Sequence[str]], wanted: str) -> str:
    """Names that the text is a part of, or that have all its words; else those that are spelt
    alike. With commas."""
    import difflib

    folded = wanted.casefold()
    near = [one for one in names if folded in one or _has_words(one, folded)]
    if not near:
        near = difflib.get_close_matches(folded, list(names), n=6, cutoff=0.6)
    return ", ".join(_shown(names, near)[:3])
