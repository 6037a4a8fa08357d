"""The playbooks that the dialog of a declaration offers: to each person those that they may start.

A dialog must be opened within 3 s, so the playbooks are read in the background, and who may start
which is asked for a second at most: those that everybody may start are offered in any case, the
others once it is known, for five minutes.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Tuple

from pagerduty_mattermost.chat import playbook_rights
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.mattermost.values import marked_id
from pagerduty_mattermost.playbooks.library import FoundPlaybook, PlaybookLibrary, load
from pagerduty_mattermost.playbooks.playbook import NO_PLAYBOOK

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

READ_SECONDS = 60.0
"""After which the playbooks are read again."""
ALLOWED_SECONDS = 300.0
"""For which it is believed what somebody may start."""
ASK_SECONDS = 1.0
"""That a dialog waits for it."""
MAX_PEOPLE = 1000
"""Whose answers are kept."""


class PlaybookChoices:
    """The playbooks that people may choose in dialogs."""

    def __init__(
        self,
        context: Callable[[], Context],
        log: Any,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`context`: makes one, for one thread."""
        self._context, self._log, self._monotonic = context, log, monotonic
        self._known: Tuple[FoundPlaybook, ...] = ()
        self._at = float("-inf")
        self._busy = threading.Lock()
        self._allowed: Dict[str, Tuple[float, Tuple[str, ...]]] = {}

    def refresh(self) -> None:
        """Reads the playbooks, in the background."""
        if self._busy.acquire(blocking=False):
            threading.Thread(target=self._read, name="pagerduty-playbooks", daemon=True).start()

    def of(self, user_id: str) -> List[str]:
        """Their names, for a user of Mattermost, and that none is wanted; empty where none is
        known yet."""
        if self._monotonic() - self._at > READ_SECONDS:
            self.refresh()
        bound = [one for one in self._known if one.playbook.who.start or one.playbook.teams]
        allowed = self._allowed_to(user_id, bound) if bound else ()
        names = [
            one.playbook.name
            for one in self._known
            if one not in bound or one.playbook.name in allowed
        ]
        return [*names, NO_PLAYBOOK] if names else []

    def _read(self) -> None:
        try:
            self._known = load(self._context()).playbooks
            self._at = self._monotonic()
        except PackError as error:
            self._log.info("Dialogs offer the playbooks that were known: %s", error)
        finally:
            self._busy.release()

    def _allowed_to(self, user_id: str, bound: List[FoundPlaybook]) -> Tuple[str, ...]:
        at, names = self._allowed.get(user_id, (0.0, ()))
        if user_id in self._allowed and self._monotonic() - at <= ALLOWED_SECONDS:
            return names
        asking = threading.Thread(
            target=self._ask, args=(user_id, bound), name="pagerduty-rights", daemon=True
        )
        asking.start()
        asking.join(ASK_SECONDS)
        return self._allowed.get(user_id, (0.0, ()))[1]

    def _ask(self, user_id: str, bound: List[FoundPlaybook]) -> None:
        command = Command("start", user=marked_id(user_id))
        try:
            found = playbook_rights.startable(
                self._context(), command, PlaybookLibrary(tuple(bound))
            )
        except PackError as error:
            self._log.info("Which playbooks %s may start is not known: %s", user_id, error)
            return
        if len(self._allowed) >= MAX_PEOPLE:
            self._allowed = {}
        names = tuple(one.playbook.name for one in found)
        self._allowed[user_id] = (self._monotonic(), names)
