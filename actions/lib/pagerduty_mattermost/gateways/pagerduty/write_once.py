"""A write carried out once: when its answer is lost, PagerDuty is asked what is so before anything
is sent again.

    once = WriteOnce(pagerduty, Write("PUT", "/incidents/PT4KHLK", body, "ada@example.com"), send)
    once.attempt()      # again and again while it raises RetryLater, then
    once.end(error)     # what is so, or the error that tells it

A try may end in four ways: it is answered; it was not taken (no connection, too many requests);
its answer is lost (a time-out, a broken connection, an answer cut off, a 5xx), so that it may be
done; or it is refused, which also happens where it is done already. After the latter two the check
of this endpoint (`outcome_checks`) reads what is so, and `write_outcome.decide` says what that
means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Tuple

from pagerduty_mattermost.core.errors import (
    NotFound,
    NotKnown,
    PackError,
    RejectedInput,
    RetryLater,
    goes_on,
)
from pagerduty_mattermost.gateways.pagerduty.write_outcome import (
    Outcome,
    PagerDutyReader,
    Shown,
    Write,
    Written,
    decide,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.pagerduty.outcome_checks import Check


_ODD_BODY = (AttributeError, KeyError, StopIteration, TypeError, ValueError)
"""What a check raises for a body, or an answer, that is unlike what this endpoint takes: PagerDuty
refuses such a body itself."""
Send = Callable[[Any], Dict[str, Any]]
"""One try with this body."""


class WriteOnce:
    """One write, from its first try to its end."""

    def __init__(self, pagerduty: PagerDutyReader, write: Write, send: Send) -> None:
        self._pagerduty = pagerduty
        self._write = self._whole = write
        self._send = send
        self._started = pagerduty.monotonic()
        self._lost: Optional[RetryLater] = None
        """Of a try that may have been carried out: not yet known whether it was."""
        self._was_lost = False
        """Whether that happened at all."""
        self._shown: Optional[Shown] = None
        """What was read last, after the last try."""
        self._already: Tuple[str, ...] = ()

    def attempt(self) -> Written:
        """One try; raises `RetryLater` where another may follow."""
        if self._lost is not None:
            shown = self._look()
            outcome = decide(shown, lost=True)
            if outcome in (Outcome.DONE, Outcome.DONE_ALREADY):
                return self._written(shown, outcome)
            if not shown.may_repeat:
                if outcome is Outcome.NOT_DONE:
                    line, words = goes_on(self._lost, shown.why)
                    refused = RejectedInput(line)
                    refused.words = words
                    raise refused from None
                raise self._lost
            self._take_rest(shown)
            self._lost = None
        try:
            return self._answered(self._try())
        except (RejectedInput, NotFound) as error:
            return self._refused(error)

    def end(self, error: RetryLater) -> Written:
        """After the last try: what is so, or the error that tells it."""
        if self._lost is None:
            error.maybe_done = False
            raise error
        shown = self._shown or self._look()
        outcome = decide(shown, lost=True)
        if outcome in (Outcome.DONE, Outcome.DONE_ALREADY):
            return self._written(shown, outcome)
        if outcome is Outcome.NOT_DONE:
            line, words = goes_on(self._lost, "it was not carried out")
            not_done = RetryLater(
                line,
                status=error.status,
                error_id=error.error_id,
                retry_after=error.retry_after,
            )
            not_done.words, not_done.service = words, self._lost.service
            raise not_done from None
        raise not_known(self._lost, shown.link, shown.why) from None

    def _refused(self, error: PackError) -> Written:
        """It may be refused because it is done."""
        if self._was_lost and isinstance(error, NotFound) and self._write.method == "DELETE":
            return Written({})
        if not self._was_lost and not (
            isinstance(error, RejectedInput) and self._check().tells_refusal(self._write)
        ):
            raise error
        shown = self._look()
        if shown.is_done:
            return self._written(shown, decide(shown, lost=self._was_lost))
        if shown.rest is None or self._write is not self._whole:
            raise error
        self._take_rest(shown)
        self._already = shown.already
        return self._answered(self._try())

    def _try(self) -> Dict[str, Any]:
        try:
            return self._send(self._write.body)
        except RetryLater as error:
            if error.maybe_done:
                self._lost, self._was_lost, self._shown = error, True, None
            raise

    def _answered(self, answer: Dict[str, Any]) -> Written:
        if self._write is self._whole:
            return Written(answer)
        return Written(self._answer_for_all(answer), already=self._already)

    def _written(self, shown: Shown, outcome: Outcome) -> Written:
        answer = shown.answer
        if self._write is not self._whole:
            answer = self._answer_for_all(answer)
        return Written(answer, outcome, (*self._already, *shown.already))

    def _answer_for_all(self, answer: Dict[str, Any]) -> Dict[str, Any]:
        """After a write in two parts: the answer to the whole; that of the rest where it can't be
        read."""
        self._write = self._whole
        shown = self._look()
        return shown.answer if shown.is_done else answer

    def _take_rest(self, shown: Shown) -> None:
        if shown.rest is not None:
            self._write = self._write._replace(body=shown.rest)

    def _check(self) -> Check:
        """Only what went wrong pays for the checks."""
        from pagerduty_mattermost.gateways.pagerduty.outcome_checks import check_of

        return check_of(self._write)

    def _look(self) -> Shown:
        """What is so. Where PagerDuty does not say, nothing may be repeated."""
        started, monotonic = self._started, self._pagerduty.monotonic
        try:
            with self._pagerduty.single_tries():
                shown = self._check().read(
                    self._pagerduty, self._write, lambda: monotonic() - started
                )
        except RetryLater:
            shown = Shown(None, may_repeat=False)
        except (PackError, *_ODD_BODY):
            shown = Shown(None, may_repeat=self._write.method != "POST")
        self._shown = shown
        return shown


def not_known(error: RetryLater, link: str = "", why: str = "") -> NotKnown:
    """The error of a write of which nobody knows whether it was carried out, with what to do."""
    more = why or "it is not known whether it was carried out"
    where = f": {link}" if link else ""
    line, words = goes_on(error, f"{more}: check before you repeat it{where}")
    made = NotKnown(
        line,
        status=error.status,
        error_id=error.error_id,
        retry_after=error.retry_after,
        link=link,
    )
    made.words = words
    return made
