"""What dialogs offer, known beforehand: a dialog must be opened within 3 s.

    lists = DialogLists(reads, log)        # the chat sensor's
    lists.known()                          # -> KnownLists: names, and what the server's dialogs do
    lists.offered(SERVICE, "check")        # -> [Choice(…)]: while people type

Names are read in the background when dialogs are opened, not oftener than every ten minutes. What
people type is looked for in those where they are whole, else at PagerDuty, which is asked for the
same thing once in half a minute and four times at once at most.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from pagerduty_mattermost.chat.dialog_abilities import PLAIN, DialogAbilities
from pagerduty_mattermost.chat.dialog_search import (
    LEVEL,
    LISTS,
    MAX_CHOICES,
    SCHEDULE,
    SERVICE,
    Choice,
    named,
)
from pagerduty_mattermost.core.errors import PackError, Unauthorized
from pagerduty_mattermost.core.text import one_line

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty

PLAYBOOK, PEOPLE = "playbook", "people"
NAMES_KEPT_SECONDS = 600.0
"""Seconds that names and abilities are offered before they are read again."""
MAX_NAMES = 300
"""Of a list that is read whole."""
MAX_LIKELY = 10
"""Services of the newest incidents, which stand first."""
FOUND_KEPT_SECONDS = 30.0
MAX_FOUND = 500
MAX_SEARCHES = 4
"""Of PagerDuty at once."""
LEVELS_WAIT_SECONDS = 1.0
"""For who stands on which level, before a dialog opens without them."""
SEARCH_WAIT_SECONDS = 1.0
"""For one of those; then the list stays empty, and is asked for again with the next letter."""


class NameList(NamedTuple):
    """Names that a list in a dialog offers."""

    names: Tuple[str, ...] = ()
    """The likely ones first."""
    is_whole: bool = False
    """Whether there are no others."""
    shown: Tuple[str, ...] = ()
    """What people see in place of each name; empty: the names."""


class KnownLists(NamedTuple):
    """The lists as far as they are known, and what the server's dialogs can do."""

    lists: Mapping[str, NameList] = {}
    """By kind. What may not be read is missing: there people type."""
    abilities: DialogAbilities = PLAIN


class ListReads(NamedTuple):
    """Where it comes from. Each raises a PackError."""

    names: Callable[[], Mapping[str, NameList]]
    abilities: Callable[[], DialogAbilities] = lambda: PLAIN
    search: Callable[[str, str, str], List[Choice]] = lambda kind, query, incident: []
    """Of a kind, for what was typed, about an incident."""
    people: Callable[[], NameList] = NameList
    """Whom PagerDuty has: for servers that can't ask while people type."""
    playbooks: Callable[[str], Sequence[str]] = lambda user_id: ()
    """Names of those that a user may start; within a second, and without errors."""


def read_names(pagerduty: PagerDuty, log: Any) -> Dict[str, NameList]:
    """Names by kind. A list that is refused (the token lacks a right, the plan the feature) takes
    no other with it. Raises the last PackError where none could be read."""
    found: Dict[str, NameList] = {}
    failed: Dict[str, PackError] = {}
    for kind, plural in LISTS.items():
        try:
            listing = pagerduty.list_all(f"/{plural}", plural, None, MAX_NAMES)
        except PackError as error:
            failed[kind] = error
            continue
        # Schedules of the newer kind stand in a list of their own: it is never known to be whole.
        is_whole = not listing.truncated and kind != SCHEDULE
        names = (str(row["name"]) for row in listing.items if row.get("name"))
        found[kind] = NameList(tuple(dict.fromkeys(names)), is_whole)
    if failed and not found:
        raise list(failed.values())[-1]
    for kind, why in failed.items():
        log.info("Dialogs let people type the %s: %s", kind, why)
    if SERVICE in found:
        found[SERVICE] = _likely_first(pagerduty, found[SERVICE], log)
    return found


def _likely_first(pagerduty: PagerDuty, services: NameList, log: Any) -> NameList:
    """Those of the newest incidents stand first."""
    try:
        rows = pagerduty.page("/incidents", "incidents", {"sort_by": "created_at:desc"}).items
    except PackError as error:
        log.info("Dialogs offer services by their names alone: %s", error)
        return services
    recent = [str((row.get("service") or {}).get("summary") or "") for row in rows]
    likely = [name for name in dict.fromkeys(recent) if name][:MAX_LIKELY]
    if services.is_whole:
        likely = [name for name in likely if name in services.names]
    return services._replace(names=tuple(dict.fromkeys([*likely, *services.names])))


def read_people(pagerduty: PagerDuty, log: Any) -> NameList:
    """PagerDuty's people by their ids, those on call first. Raises the gateway's errors."""
    from pagerduty_mattermost.chat.dialog_search import shown_person

    listing = pagerduty.list_all("/users", "users", None, MAX_NAMES)
    shown = {str(row["id"]): shown_person(row) for row in listing.items}
    try:
        rows = pagerduty.page("/oncalls", "oncalls", {}).items
    except PackError as error:
        log.info("Dialogs do not offer first who is on call: %s", error)
        rows = []
    likely = [str((row.get("user") or {}).get("id") or "") for row in rows]
    ids = tuple(dict.fromkeys([*(id for id in likely if id in shown), *shown]))
    return NameList(ids, not listing.truncated, tuple(shown[id] for id in ids))


class DialogLists:
    """For use by several threads."""

    def __init__(
        self, reads: ListReads, log: Any, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._reads, self._log, self._monotonic = reads, log, monotonic
        self._known = KnownLists()
        self._at: Optional[float] = None
        self._busy = threading.Lock()
        self._searches = threading.Semaphore(MAX_SEARCHES)
        self._lock = threading.Lock()
        self._found: OrderedDict[Tuple[str, str, str], Tuple[float, List[Choice]]] = OrderedDict()

    def known(self, *, playbooks_of: str = "") -> KnownLists:
        """`playbooks_of`: a user; then with the playbooks that they may start."""
        if self._at is None or self._monotonic() - self._at > NAMES_KEPT_SECONDS:
            self.refresh()
        known = self._known
        if not playbooks_of:
            return known
        names = NameList(tuple(self._reads.playbooks(playbooks_of)), is_whole=True)
        return known._replace(lists={**known.lists, PLAYBOOK: names})

    def refresh(self) -> None:
        if self._busy.acquire(blocking=False):
            threading.Thread(target=self._work, name="pagerduty-choices", daemon=True).start()

    def offered(self, kind: str, query: str, incident: str = "") -> List[Choice]:
        """Choices for what was typed; none where nobody can tell now."""
        asked = one_line(query, 100).strip().casefold()
        known = self._known.lists.get(kind)
        if known is not None and known.is_whole:
            fitting = (name for name in known.names if asked in name.casefold())
            return [named(name) for name in fitting][:MAX_CHOICES]
        key = (kind, asked, incident)
        kept = self._kept(key)
        if kept is not None:
            return kept
        if not self._searches.acquire(timeout=SEARCH_WAIT_SECONDS):
            return []
        try:
            kept = self._kept(key)
            if kept is None:
                kept = self._reads.search(kind, asked, incident)
                self._keep(key, kept)
            return kept
        except PackError as error:
            self._log.info("A list of a dialog stays empty: %s", error)
            return []
        finally:
            self._searches.release()

    def levels(self, incident: str) -> List[str]:
        """Who stands on which level of the incident's escalation policy, a line each; none where
        PagerDuty does not tell at once."""
        found: List[str] = []

        def look() -> None:
            rows = self.offered(LEVEL, "", incident)
            found.extend(one.text for one in rows if one.value.isdecimal())

        looking = threading.Thread(target=look, name="pagerduty-levels", daemon=True)
        looking.start()
        looking.join(LEVELS_WAIT_SECONDS)
        return [] if looking.is_alive() else found

    def _kept(self, key: Tuple[str, str, str]) -> Optional[List[Choice]]:
        with self._lock:
            at, found = self._found.get(key, (0.0, None))
        fresh = found is not None and self._monotonic() - at <= FOUND_KEPT_SECONDS
        return found if fresh else None

    def _keep(self, key: Tuple[str, str, str], found: List[Choice]) -> None:
        with self._lock:
            self._found[key] = (self._monotonic(), found)
            self._found.move_to_end(key)
            while len(self._found) > MAX_FOUND:
                self._found.popitem(last=False)

    def _say(self, line: str, error: PackError) -> None:
        """That the key is refused is the incident sensor's to say."""
        refused = isinstance(error, Unauthorized)
        self._log.log(logging.DEBUG if refused else logging.INFO, line, error)

    def _work(self) -> None:
        """What can't be read stays as it was known."""
        known, failed = self._known, False
        try:
            try:
                known = known._replace(lists={**known.lists, **self._reads.names()})
            except PackError as error:
                failed = True
                self._say("Dialogs offer no names for now: %s", error)
            try:
                known = known._replace(abilities=self._reads.abilities())
            except PackError as error:
                failed = True
                self._log.info("Dialogs stay as plain as they were: %s", error)
            try:
                if not known.abilities.lookups:
                    lists = {**known.lists, PEOPLE: self._reads.people()}
                    known = known._replace(lists=lists)
            except PackError as error:
                self._say("Dialogs offer Mattermost's users: %s", error)
            self._known = known
            self._at = self._at if failed else self._monotonic()
        finally:
            self._busy.release()
