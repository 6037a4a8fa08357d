"""The catalog (users, teams, services, policies, schedules, priorities, integrations) as the REST
API shows it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from typing import Callable, Container, Dict, Optional, TypeVar

from ..clock import iso
from .account import PagerDutyAccount
from .model import Agent, Thing
from .shift_rota import SHIFT_BASED

API = "https://api.pagerduty.com"
WEB = "https://acme-sandbox.pagerduty.com"
_WEB_PATHS = {"services": "service-directory", "integrations": "services"}
_NO_PAGE = {"priorities", "contact_methods", "notification_rules"}
_OWNERS = {
    "integrations": ("services", "service_id"),
    "contact_methods": ("users", "user_id"),
    "notification_rules": ("users", "user_id"),
}
"""Things that live under another one's path."""

Whole = TypeVar("Whole", bound=Callable[..., Thing])
WHOLE: Dict[str, Callable[..., Thing]] = {}
"""How each kind is shown whole: of the renderer, the thing and its reference (to be filled up)."""


def shows(kind: str) -> Callable[[Whole], Whole]:
    def register(show: Whole) -> Whole:
        WHOLE[kind] = show
        return show

    return register


class CatalogRenderer:
    def __init__(
        self,
        account: PagerDutyAccount,
        include: Container[str] = (),
        zone: Optional[tzinfo] = None,
    ) -> None:
        self.account = account
        self.include = include
        self.zone = zone
        self._references: Dict[str, Thing] = {}

    def time(self, at: Optional[float]) -> Optional[str]:
        if at is None:
            return None
        if self.zone is None:
            return iso(at)
        return datetime.fromtimestamp(int(at), self.zone).isoformat()

    def local_time(self, at: float) -> str:
        """Notes and status updates show the account's own zone: 2013-03-06T15:28:51-05:00."""
        zone = timezone(timedelta(hours=self.account.options.note_offset_hours))
        return datetime.fromtimestamp(int(at), zone).isoformat()

    # References

    def reference(self, kind: str, id: str) -> Thing:
        """`{id, type, summary, self, html_url}` of a thing in the catalog."""
        known = self._references.get(id)
        if known is None:
            thing = self.account.catalog[kind].get(id) or self.account.deleted[kind].get(id)
            if thing is None:
                return {
                    "id": id,
                    "type": kind[:-1] + "_reference",
                    "summary": None,
                    "self": None,
                    "html_url": None,
                }
            known = {**self._head(kind, thing), "type": thing["type"] + "_reference"}
            self._references[id] = known
        return known

    def agent(self, agent: Agent) -> Thing:
        return self.reference(agent.kind + "s", agent.id)

    def _head(self, kind: str, thing: Thing) -> Thing:
        path = f"/{kind}/{thing['id']}"
        if kind in _OWNERS:
            owner, field = _OWNERS[kind]
            path = f"/{owner}/{thing[field]}{path}"
        if thing["type"] == SHIFT_BASED:
            path = "/v3" + path
        return {
            "id": thing["id"],
            "type": thing["type"],
            "summary": thing["name"],
            "self": API + path,
            "html_url": None
            if kind in _NO_PAGE
            else f"{WEB}/{_WEB_PATHS.get(kind, kind)}/{thing['id']}",
        }

    def either(self, included: str, kind: str, id: str) -> Thing:
        """The whole thing (with references inside) when it is to be included, else a reference."""
        if included in self.include and id in self.account.catalog[kind]:
            return type(self)(self.account, (), self.zone).thing(
                kind, self.account.catalog[kind][id]
            )
        return self.reference(kind, id)

    def _who(self, included: str, agent: Agent) -> Thing:
        return self.either(included, agent.kind + "s", agent.id)

    # The catalog

    def thing(self, kind: str, thing: Thing) -> Thing:
        """A user, team, service ... whole."""
        return WHOLE[kind](self, thing, self._head(kind, thing))
