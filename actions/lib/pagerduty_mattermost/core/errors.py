"""What can go wrong, in the pack's words. Every error carries one line for people: what is wrong,
where, and what to do.

Gateways raise these and nothing else; actions turn them into a failed status with that line
(`action_bases.pack_action`); sensors log the line and try again after a `RetryLater`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator, Optional, Tuple

FAILURES_IN_A_ROW = 3
"""After so many `RetryLater` one after the other a side counts as down: who does many things of a
kind leaves the rest for later."""


class PackError(Exception):
    """Base of all errors of the pack; `str(error)` is the one line for people and never holds a
    secret."""

    def __init__(self, message: str, *, status: Optional[int] = None, error_id: str = "") -> None:
        super().__init__(message)
        self.status = status
        """HTTP status of the answer, if one came."""
        self.error_id = error_id
        """Mattermost's error id or PagerDuty's numeric error code, as text."""
        self.said = ""
        """The other side's own words, where it refused what was asked for: for people, who know
        nothing of the request."""
        self.field = ""
        """Of a command: which of its fields was wrong, where one was."""
        self.words = ""
        """The line for people who know nothing of requests, where it names one."""

    @property
    def in_chat(self) -> str:
        """The line for people in chat: without the request that was refused or failed."""
        if self.words:
            return self.words
        return f"PagerDuty refuses: {self.said}" if self.said else str(self)


class ConfigError(PackError):
    """The pack's configuration is missing something or contradicts itself; names the setting."""

    problems: Tuple[str, ...] = ()
    """One line for each setting, where several are wrong."""


class RejectedInput(PackError):
    """What was typed or passed is wrong (also: the remote side answered 400/422); repeating it
    can't help."""


class WrongParameter(RejectedInput):
    """A parameter that a person wrote, in a rule or for a run, means nothing: neither waiting nor
    repeating changes that. `parameter`: its name."""

    def __init__(self, parameter: str, why: str) -> None:
        super().__init__(f"{parameter}: {why}")
        self.parameter = parameter


class Ambiguous(RejectedInput):
    """A name fits more than one thing; the message lists them."""


class NotFound(PackError):
    """The thing named does not exist, or the token may not see it (404)."""

    meant: str = ""
    """Names of things that there are and that may have been meant, with commas; empty: none, or
    nobody looked."""


class Unauthorized(PackError):
    """The token is wrong, revoked or lacks a right (401, 403)."""


class PermanentError(PackError):
    """Any other answer that will not get better by repeating it."""


class Unreadable(PermanentError):
    """The other side's answer about one thing has a shape that nobody foresaw: that one is set
    aside, the others go on."""


class RetryLater(PackError):
    """The other side is down, slow, limiting or confused: the same call may go through later.

    `retry_after` is the number of seconds the other side asked for, if it did. `maybe_done` is
    true when the effect may have happened although no answer arrived: look before repeating what
    has no key.
    """

    def __init__(
        self,
        message: str,
        *,
        status: Optional[int] = None,
        error_id: str = "",
        retry_after: Optional[float] = None,
        maybe_done: bool = False,
    ) -> None:
        super().__init__(message, status=status, error_id=error_id)
        self.retry_after = retry_after
        self.maybe_done = maybe_done
        self.service = ""
        """Which server is away or has trouble, where one is: PagerDuty or Mattermost."""

    def of_service(self, what: str, why: str) -> RetryLater:
        """The same, of a server as a whole. `what`: side, method and path, such as "PagerDuty GET
        /incidents"; `why`: what it does, such as "has trouble (503)"."""
        self.service = what.partition(" ")[0]
        self.words = f"{self.service} {why}"
        return self


class NotKnown(RetryLater):
    """Nobody knows whether a write was carried out: its answer was lost, and what is so can't be
    read. The line says so; `link` is where people can look, if that is known."""

    def __init__(
        self,
        message: str,
        *,
        status: Optional[int] = None,
        error_id: str = "",
        retry_after: Optional[float] = None,
        link: str = "",
    ) -> None:
        super().__init__(
            message, status=status, error_id=error_id, retry_after=retry_after, maybe_done=True
        )
        self.link = link


class CutShort(PackError):
    """Something was begun, and what carried it out was killed before its end. It is not carried
    out again, since that could do it twice; the line says what is known of it."""


class StoreUnreachable(RetryLater):
    """The datastore did not answer: not the same as a missing value."""


class StoreForbidden(StoreUnreachable):
    """StackStorm does not let this user read or write the pack's keys (RBAC): what stands there is
    not known, as when nobody answers, and waiting does not help."""


class WriteRefused(Exception):
    """A write that was not sent, because its caller only reads (a dry run). Not a PackError, so
    that no handler of failures mistakes it for one: it ends the command.

    `side` is where it would have gone: PagerDuty, PagerDuty's events, Mattermost or the datastore;
    `from_email` the person in whose name.
    """

    def __init__(
        self, side: str, method: str, path: str, body: Any = None, from_email: str = ""
    ) -> None:
        super().__init__(f"{side} {method} {path}")
        self.side, self.method, self.path = side, method, path
        self.body, self.from_email = body, from_email


@contextmanager
def wrong_field(name: str) -> Iterator[None]:
    """What is wrong in it is wrong with the command's field of this name."""
    try:
        yield
    except PackError as error:
        error.field = error.field or name
        raise


def reworded(error: PackError, line: str) -> PackError:
    """The same error with another line: status, waiting time and all else stay."""
    made = type(error).__new__(type(error))  # some are made of other words than their line
    made.__dict__.update(error.__dict__)
    made.args, made.said, made.words = (line,), "", ""
    return made


def goes_on(error: PackError, more: str) -> Tuple[str, str]:
    """Two lines with `more` behind what the error says: for logs, and for people in chat."""
    return f"{error}; {more}", f"{error.in_chat}; {more}"
