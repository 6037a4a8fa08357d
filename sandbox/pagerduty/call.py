"""One REST request being served: reading its parameters as strictly as PagerDuty does, and shaping
its answer."""

# flake8: noqa: E203

from __future__ import annotations

import base64
from datetime import timezone, tzinfo
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from dateutil import parser, tz

from ..server import HttpAnswer, HttpRequest
from .account import PagerDutyAccount
from .model import Agent, Incident, Thing, invalid, not_found, refusal
from .render import Renderer

MAX_LIMIT = 100
MAX_RECORDS = 10_000
DEFAULT_LIMIT = 25


class Paging(NamedTuple):
    limit: int
    offset: int
    total: bool


class PagerDutyCall:
    def __init__(
        self, account: PagerDutyAccount, request: HttpRequest, names: Dict[str, str], own_user: str
    ) -> None:
        self.account = account
        self.request = request
        self.names = names
        self.own_user = own_user
        """Id of the user whose own token it is, else empty."""

    def param(self, name: str) -> str:
        return self.request.param(name)

    def chosen(self, name: str, allowed: Sequence[str]) -> List[str]:
        """Values of a parameter with a closed set. Raises 400 for others."""
        values = self.request.params(name)
        for value in values:
            if value not in allowed:
                raise invalid(f"{name} is invalid: {value}")
        return values

    def flag(self, name: str) -> bool:
        """Only `true` and `false` are booleans; Python's `True` is not."""
        value = self.param(name) or "false"
        if value not in ("true", "false"):
            raise invalid(f"{name} must be true or false")
        return value == "true"

    def number(self, name: str, default: int) -> int:
        text = self.param(name)
        if not text:
            return default
        if not text.isdigit():
            raise invalid(f"{name} must be a number")
        return int(text)

    def zone(self) -> Optional[tzinfo]:
        """The zone of `time_zone`, None for UTC shown as Z."""
        name = self.param("time_zone")
        if not name or name in ("UTC", "Etc/UTC"):
            return None
        found = tz.gettz(name)
        if found is None:
            raise invalid("Time zone is invalid")
        return found

    def time(self, name: str) -> Optional[float]:
        """A time as seconds since the epoch; one without an offset is in `time_zone`."""
        text = self.param(name)
        if not text:
            return None
        try:
            moment = parser.isoparse(text.replace(" ", "+"))
        except ValueError:
            raise refusal(2004, f"{name} is not a valid date") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.zone() or timezone.utc)
        return moment.timestamp()

    def span(self, width: int, backwards: bool = False) -> Tuple[int, int]:
        """`since` and `until`; a missing one lies `width` from the other, `since` else now. Raises
        400."""
        since, until = self.time("since"), self.time("until")
        if since is None and until is not None and backwards:
            since = until - width
        low = int(since if since is not None else self.account.now())
        high = int(until if until is not None else low + width)
        if high < low:
            raise refusal(2004, "until cannot be before since")
        return low, high

    def paging(self) -> Paging:
        limit, offset = self.number("limit", DEFAULT_LIMIT), self.number("offset", 0)
        if not 1 <= limit <= MAX_LIMIT:
            raise invalid(f"Limit must be between 1 and {MAX_LIMIT}")
        if offset + limit > MAX_RECORDS:
            raise invalid(f"Offset plus limit cannot exceed {MAX_RECORDS}")
        return Paging(limit, offset, self.flag("total"))

    def page(self, key: str, rows: Sequence[Any], render: Callable[[Any], Thing]) -> HttpAnswer:
        """The page asked for out of all rows."""
        paging = self.paging()
        shown = rows[paging.offset : paging.offset + paging.limit]
        return HttpAnswer(
            200,
            {
                key: [render(row) for row in shown],
                "limit": paging.limit,
                "offset": paging.offset,
                "total": len(rows) if paging.total else None,
                "more": paging.offset + paging.limit < len(rows),
            },
        )

    def cursor_page(
        self, key: str, rows: Sequence[Any], render: Callable[[Any], Thing]
    ) -> HttpAnswer:
        """The page after `cursor`; `next_cursor` is null on the last one."""
        limit, cursor = self.number("limit", DEFAULT_LIMIT), self.param("cursor")
        if not 1 <= limit <= MAX_LIMIT:
            raise invalid(f"Limit must be between 1 and {MAX_LIMIT}")
        try:
            begin = int(base64.urlsafe_b64decode(cursor or b"MA==").decode("ascii"))
        except ValueError:
            raise invalid("cursor is invalid") from None
        end = begin + limit
        more = end < len(rows)
        following = base64.urlsafe_b64encode(str(end).encode()).decode() if more else None
        return HttpAnswer(
            200,
            {
                key: [render(row) for row in rows[begin:end]],
                "limit": limit,
                "next_cursor": following,
                "more": more,
            },
        )

    def incident(self) -> Incident:
        """The incident the path names. Raises 404."""
        try:
            return self.account.incident(self.names["id"])
        except KeyError:
            raise not_found() from None

    def renderer(self) -> Renderer:
        return Renderer(self.account, set(self.request.params("include[]")), self.zone())

    def sender(self) -> Agent:
        """Who acts: the user with the e-mail of `From`, or the token's own. Raises 400 without
        one."""
        email = self.request.headers.get("From", "").strip()
        if not email and self.own_user:
            return Agent("user", self.own_user)
        if not email:
            raise invalid(
                "From header is required: the email address of a valid user of the account"
            )
        for user in self.account.catalog["users"].values():
            if user["email"].lower() == email.lower():
                return Agent("user", user["id"])
        raise refusal(1008)

    def body(self, wrapper: str = "") -> Thing:
        """The JSON object of the body, or the one within it under `wrapper`. Raises 400."""
        try:
            found = self.request.json()
        except ValueError:
            raise invalid("Request body is not valid JSON") from None
        if wrapper and isinstance(found, dict):
            found = found.get(wrapper)
        if not isinstance(found, dict):
            raise invalid(f"{wrapper.capitalize() or 'Body'} cannot be empty")
        return found

    def thing(self, kind: str, reference: Any, what: str) -> Thing:
        """What a reference in a body means. Raises 400 when it means nothing."""
        id = reference.get("id") if isinstance(reference, dict) else None
        if id not in self.account.catalog[kind]:
            raise invalid(f"{what} could not be found")
        return self.account.catalog[kind][id]

    def named(self, kind: str, name: str = "id") -> Thing:
        """The thing the path names. Raises 404."""
        found = self.account.catalog[kind].get(self.names[name])
        if found is None:
            raise not_found()
        return found
