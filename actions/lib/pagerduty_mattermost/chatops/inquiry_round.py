"""The chat sensor's look at all inquiries, each minute: what was given and not taken yet is given
again; what is over, here or at StackStorm, is shown so; what the rule has not asked is asked.

    round = InquiryRound(api, asking, answers, records, warn, log)
    round.look()

What goes wrong with one is said once, not each minute.
"""

# flake8: noqa: E501

from __future__ import annotations

import time
from typing import Any, Callable, Dict, Optional, Set

from pagerduty_mattermost.chatops import inquiry
from pagerduty_mattermost.chatops.inquiry import Inquiry
from pagerduty_mattermost.chatops.inquiry_answers import InquiryAnswers
from pagerduty_mattermost.chatops.inquiry_asking import InquiryAsking
from pagerduty_mattermost.chatops.inquiry_records import (
    GIVEN,
    OPEN,
    InquiryRecords,
    KeptInquiry,
)
from pagerduty_mattermost.core.errors import PackError, RetryLater
from pagerduty_mattermost.core.markdown import code_span
from pagerduty_mattermost.core.text import escape, one_line

MAX_OPEN = 100
"""StackStorm's page."""
ASKED_AGAIN_SECONDS = 600.0
"""After which one that can't be asked where it is meant to be is tried again: the channel may be
made meanwhile."""


class InquiryRound:
    """`api`, `asking`: None where there is no StackStorm. `warn`: tells operations, once for each
    matter: the matter, the line."""

    def __init__(
        self,
        api: Optional[Any],
        asking: Optional[InquiryAsking],
        answers: InquiryAnswers,
        records: InquiryRecords,
        warn: Callable[[str, str], None],
        log: Any,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api, self._asking, self._answers = api, asking, answers
        self._records, self._warn, self._log = records, warn, log
        self._monotonic = monotonic
        self._said: Dict[str, str] = {}
        """What was logged last of an inquiry; of all, under an empty id."""
        self._due: Dict[str, float] = {}
        """When one that could not be asked is tried again."""
        self._told: Set[str] = set()
        """Those of which operations were told that they can't be asked."""

    def look(self) -> None:
        """Raises nothing that can go wrong outside."""
        self._careful("", self._looked)

    def _looked(self) -> None:
        left = self._records.unfinished()
        for kept in left:
            if kept.own:
                self._careful(kept.id, lambda one=kept: self._answers.own_is_seen_to(one))  # type: ignore[misc]
        if self._api is None or self._asking is None:
            return
        rows = self._api.call("GET", "/inquiries", params={"limit": MAX_OPEN})
        waiting = [one for one in map(inquiry.inquiry_of, rows or ()) if one is not None]
        open_ids = {one.id for one in waiting}
        for kept in left:
            if not kept.own and (kept.id not in open_ids or self._has_changed(kept)):
                self._careful(kept.id, lambda one=kept: self._answers.settled(one))  # type: ignore[misc]
        known = {kept.id for kept in left}
        for one in waiting:
            if one.id not in known and inquiry.route_of(one.route) is not None:
                self._careful(one.id, lambda found=one: self._ask(found))  # type: ignore[misc]
        self._forget({"", *open_ids, *known})

    def _has_changed(self, kept: KeptInquiry) -> bool:
        """Whether something is to be done about one that StackStorm waits for."""
        return kept.state == GIVEN or kept.state == OPEN and self._answers.is_over(kept)

    def _ask(self, one: Inquiry) -> None:
        """What the rule has not. Raises RetryLater."""
        assert self._asking is not None  # where there is an API
        if self._monotonic() < self._due.get(one.id, 0.0):
            return
        try:
            if self._asking.ask_late(one.id):
                return
        except RetryLater:
            raise
        except PackError as error:
            self._nowhere(one, error)
        self._due[one.id] = self._monotonic() + ASKED_AGAIN_SECONDS

    def _nowhere(self, one: Inquiry, error: PackError) -> None:
        """Said where operations read it: whoever asks sees nothing of it."""
        if one.id in self._told:
            return
        self._told.add(one.id)
        why = escape(one_line(str(error), 200))
        self._warn(
            f"inquiry {one.id}",
            f"A workflow asks, and nobody sees it: it can't be posted where its route "
            f"{code_span(one.route)} leads ({why}). Put that right, and it is asked within ten "
            f"minutes; or answer it: {code_span(f'st2 inquiry respond {one.id}')}",
        )

    def _careful(self, id: str, work: Callable[[], None]) -> None:
        """What goes wrong is logged when it is new."""
        try:
            work()
        except PackError as error:
            if self._said.get(id) != str(error):
                self._said[id] = str(error)
                what = f"Inquiry {id}" if id else "Inquiries can't be read"
                self._log.warning("%s: %s", what, error)
        else:
            self._said.pop(id, None)

    def _forget(self, ids: Set[str]) -> None:
        """What is known of those that are over."""
        self._said = {id: said for id, said in self._said.items() if id in ids}
        self._due = {id: at for id, at in self._due.items() if id in ids}
        self._told &= ids
