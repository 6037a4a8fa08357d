"""Clicks below what came of a phrase: cancel what runs, run it again.

Who may run the alias there may do both; at StackStorm it happens with the rights of whoever
clicked.
"""

from __future__ import annotations

import hashlib
import threading
import time
from typing import Callable, Dict

from pagerduty_mattermost.chat.passed_on import PassedOn
from pagerduty_mattermost.chatops.alias_host import AliasHost
from pagerduty_mattermost.chatops.alias_orders import AliasOrders, Phrase
from pagerduty_mattermost.chatops.alias_posts import AGAIN
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import clean

NOT_CANCELED = ":warning: Not canceled: {why}"
ONE_CLICK_SECONDS = 10.0
"""Within which clicks on one *Run again* are one."""
AGAIN_ALREADY = "it was run again a moment ago"


class AliasClicks:
    """For several threads."""

    def __init__(
        self,
        orders: AliasOrders,
        host: AliasHost,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._run_at: Dict[str, float] = {}
        self._orders, self._host = orders, host

    def clicked(self, call: PassedOn) -> None:
        """Raises nothing that can go wrong outside: who clicked is told."""
        phrase = self._phrase(call)
        if call.verb == AGAIN:
            if self._is_first(str(call.about.get("n"))):
                self._orders.run(phrase)
            else:
                self._orders.refuse(phrase, AGAIN_ALREADY)
            return
        execution, alias = str(call.about.get("e")), str(call.about.get("a"))
        try:
            problem = self._canceled(phrase, execution, alias)
        except PackError as error:
            problem = str(error)
        self._orders.audit.canceled(phrase.user_name, alias, execution, problem)
        if problem:
            self._orders.say(phrase, NOT_CANCELED.format(why=problem))

    def _is_first(self, order: str) -> bool:
        """Of the clicks on one button that belong together."""
        now = self._monotonic()
        with self._lock:
            recent = {one: at for one, at in self._run_at.items() if now - at < ONE_CLICK_SECONDS}
            self._run_at = {order: now, **recent}
            return order not in recent

    def _phrase(self, call: PassedOn) -> Phrase:
        known = f"click {call.once.digest or call.about.get('n')}"
        return Phrase(
            hashlib.sha256(known.encode("utf-8", "replace")).hexdigest()[:32],
            clean(call.about.get("x")),
            call.user_id,
            call.user_name,
            str(call.about.get("c") or ""),
            str(call.about.get("r") or ""),
        )

    def _canceled(self, phrase: Phrase, execution: str, ref: str) -> str:
        person = self._orders.person_of(phrase)
        alias = self._host.find_alias(ref)
        if alias is None:
            return "its alias is not there any more"
        return self._orders.refusal(alias, phrase) or self._host.cancel(execution, person)
