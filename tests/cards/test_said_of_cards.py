"""What cards and threads said wrongly: the inputs of tests/fixtures/cases, and what is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import yaml
from incident_world import IncidentActionCase
from post_incident import PostIncident

from pagerduty_mattermost.cards.card import CardView, draw_card
from pagerduty_mattermost.cards.replies import draw_reply
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents import log_entries
from pagerduty_mattermost.incidents.incident import Incident, IncidentEvent, Person

CASES = Path(__file__).resolve().parents[1] / "fixtures" / "cases"
INCIDENT = Incident(id="P1", created_at="2026-11-21T11:00:00Z", service="Storefront")


def case(name: str) -> Dict[str, Any]:
    return yaml.safe_load((CASES / f"{name}.yaml").read_text("utf-8"))


def said(kind: str, agent: Person = Person(), **changes: str) -> str:  # noqa: B008
    at = "2026-11-21T11:10:00Z"
    event = IncidentEvent("R1", f"incident.{kind}", at, agent, tuple(changes.items()))
    return draw_reply(INCIDENT, event, CardView()).split(" · ", 1)[1]


def test_what_pagerduty_does_itself_is_said_as_that() -> None:
    assigned, closed, *_ = case("F10_threads")["right"]
    assert said("reassigned", to="Ada Lovelace", channel="auto") == assigned
    told = said("resolved", channel="timeout")
    assert told == "Closed by PagerDuty itself after 10 min: nobody resolved it"
    assert closed.startswith("Resolved by timeout: nobody resolved it")


def test_a_merged_incident_leads_to_where_it_went() -> None:
    url = "https://acme.pagerduty.com/incidents/P1"
    row = {"id": "P1", "html_url": url, "status": "resolved", **case("F15_merged")}
    incident = log_entries.incident_from_rest(row)
    assert incident is not None
    link = "[#12 Parent incident](https://acme.pagerduty.com/incidents/Q999)"
    assert link in draw_card(incident, CardView()).props["attachments"][0]["text"]
    told = said("merged", Person("PADA", "Ada"), to="#12 Parent incident")
    assert told == "Ada merged this incident: joined #12 Parent incident"


class LinkedMentionTestCase(IncidentActionCase):
    __test__ = True
    action_cls = PostIncident

    def test_whom_an_admin_linked_is_mentioned(self) -> None:
        what = case("F05_link_ignored_by_mentions")
        mei = self.account.find("users", what["pagerduty_user"]["name"])
        self.account.change("users", mei, {"email": what["pagerduty_user"]["email"]})
        truth = self.account.trigger("Checkout API", "Disk full")
        self.account.reassign(truth, [mei["name"]])
        parameters = {
            "change": self.change(self.incident(truth)),
            "incident_id": None,
            "channel": ":default",
            "route": None,
            "start_on": None,
            "reply_on": None,
            "mention": what["route"]["mention"],
            "checklist": None,
            "reactions": None,
        }
        account = self.chat.gateway().user_by_username(what["mattermost_user"]["username"])
        assert account.email == what["mattermost_user"]["email"]
        action = self.action()
        link = {"how": "link", "id": mei["id"], "username": "mei", "at": "2026-11-21T08:00:00Z"}
        Store(action.action_service).write(f"identity.{account.id}", link)
        assert action.run(**parameters)[0] is True
        posts = self.chat.service.posts("incidents")
        (card,) = [post for post in posts if "attachments" in post.props]
        assert "@mei" in card.message
