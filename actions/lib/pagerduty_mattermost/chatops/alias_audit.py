"""Who ran which of StackStorm's aliases from chat, in the pack's own audit: a line for each
execution, for each phrase that somebody might not run, and for each one that was canceled.

    audit = AliasAudit(store, log)
    audit.ran(kept)                                # its execution is known
    audit.refused(phrase, "ops.restart", "it is for ~operations")

The line of an execution has one key, made of the order: whoever goes on with it writes the same.
How an execution ended stands in StackStorm's history.
"""

from __future__ import annotations

import time
from typing import Any, Callable, Dict

from pagerduty_mattermost.chat.audit import order_entry, recorded
from pagerduty_mattermost.core.errors import PackError, RejectedInput
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.kept_phrases import KeptPhrase


class AliasAudit:
    """For several threads. A datastore that is down is logged, and stops nobody."""

    def __init__(self, store: Store, log: Any, clock: Callable[[], float] = time.time) -> None:
        self._store, self._log, self._clock = store, log, clock

    def ran(self, kept: KeptPhrase) -> None:
        words = {"phrase": "" if kept.secret else kept.phrase, "alias": kept.alias}
        words["execution"] = kept.execution
        self._write(kept.user_name, "st2", words, entry=order_entry(kept.id, kept.at), at=kept.at)

    def refused(self, user: str, alias: str, reason: str) -> None:
        """Without the phrase, in which a secret may stand."""
        self._write(user, "st2", {"alias": alias}, problem=reason)

    def canceled(self, user: str, alias: str, execution: str, problem: str = "") -> None:
        words = {"alias": alias, "execution": execution}
        self._write(user, "st2 cancel", words, problem=problem)

    def answered(self, users: str, inquiry: str, answer: str, asked_at: float) -> None:
        """A question, by one or by all who had to agree. `asked_at`: makes its key."""
        words = {"question": inquiry, "answer": answer}
        entry = order_entry(f"answer {inquiry}", asked_at)
        self._write(users, "st2 answer", words, entry=entry)

    def _write(
        self,
        user: str,
        verb: str,
        words: Dict[str, str],
        *,
        problem: str = "",
        entry: str = "",
        at: float = 0.0,
    ) -> None:
        now = at or self._clock()
        entry = entry or order_entry(f"{verb} {user} {sorted(words.items())} {now}", now)
        about = {"chat_user": user, "verb": verb, "words": words, "entry_name": entry}
        try:
            with recorded(self._store, self._log, lambda: now, **about):  # type: ignore[arg-type]
                if problem:
                    raise RejectedInput(problem)
        except PackError:
            pass  # what was refused is written down
