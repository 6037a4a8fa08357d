"""A status update reaches PagerDuty's subscribers in one of PagerDuty's own templates."""

from __future__ import annotations

from typing import Any, Iterator
from unittest import mock

import pytest
from rooms_world import RoomsWorld
from test_updates import ADA_MAIL, UpdatesWorld

from pagerduty_mattermost.runs import updates
from pagerduty_mattermost.runs.acts import Act
from pagerduty_mattermost.runs.records import RunRecords


@pytest.fixture
def one() -> Iterator[RoomsWorld]:
    with RoomsWorld(note=False) as world:
        yield world


def template_of(world: RoomsWorld, **fields: str) -> str:
    """A template of PagerDuty's for status updates; its name."""
    name = "For customers"
    world.pagerduty.catalog["templates"]["PTMPL01"] = {
        "id": "PTMPL01",
        "type": "template",
        "name": name,
        "templated_fields": fields,
    }
    return name


MAIL = {
    "message": "{{incident.title}}: {{status_update.message}}",
    "email_subject": "About {{incident.title}}",
    "email_body": "<p>{{status_update.message}}</p>",
}


def test_subscribers_get_it_in_pagerdutys_template(one: RoomsWorld) -> None:
    case = UpdatesWorld(one, pagerduty=True, pagerduty_template=template_of(one, **MAIL))
    assert case.give(text="All is well", email=ADA_MAIL).problems == ()
    (published,) = case.incident.status_updates
    assert published["message"] == "Database timeout: All is well"
    assert published["subject"] == "About Database timeout"
    assert published["html_message"] == "<p>All is well</p>"
    (post,) = case.in_room()
    assert post.message.endswith("All is well"), "the room has what its author wrote"


@pytest.mark.parametrize("fields", [None, {"message": "", "email_subject": "x"}])
def test_without_a_template_that_is_gone_or_empty_it_goes_as_it_stands(
    one: RoomsWorld, fields: Any
) -> None:
    template = template_of(one, **fields) if fields else "For partners"
    case = UpdatesWorld(one, pagerduty=True, pagerduty_template=template)
    (problem,) = case.give(text="All is well", email=ADA_MAIL).problems
    assert problem.startswith("Sent to PagerDuty without its template: ")
    assert case.published() == ["All is well"]


def test_while_the_template_can_not_be_read_it_waits_for_the_round(one: RoomsWorld) -> None:
    case = UpdatesWorld(one, pagerduty=True, pagerduty_template=template_of(one, **MAIL))
    one.sandbox.pagerduty.faults.add("status", status=503, path="/templates")
    (problem,) = case.give(text="All is well", email=ADA_MAIL).problems
    assert problem.endswith("it is tried again")
    one.sandbox.pagerduty.faults.clear()
    one.clock.advance(60)
    case.finish()
    assert case.published() == ["Database timeout: All is well"]


def test_killed_behind_the_publication_it_is_found_by_the_words_that_went_out(
    one: RoomsWorld,
) -> None:
    case = UpdatesWorld(one, pagerduty=True, pagerduty_template=template_of(one, **MAIL))
    real = RunRecords.act

    def dies(self: RunRecords, incident: str, act: Act) -> None:
        if act.value == updates.PAGERDUTY:
            raise KeyboardInterrupt
        real(self, incident, act)

    with mock.patch.object(RunRecords, "act", dies), pytest.raises(KeyboardInterrupt):
        case.give(text="All is well", email=ADA_MAIL)
    case.incident.title = "Another title"
    one.clock.advance(60)
    assert case.finish().problems == ()
    assert case.published() == ["Database timeout: All is well"]
