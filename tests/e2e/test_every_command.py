"""Each command, button, choice, dialog, confirmation, list button and `note:` reply as people use
them in Mattermost, through the embedded default: what changes in PagerDuty, on the card, and what
they are told."""

# flake8: noqa: W503

from __future__ import annotations

import time
from typing import Any, Callable, Dict, Iterator, NamedTuple, Tuple

import pytest
from command_rows import ROWS
from embedded_room import EmbeddedRoom, text_of, word_of
from pack_files import documented_scopes
from typed_effects import (
    Row,
    acknowledged_by,
    assignees,
    has_entry,
    notes,
    overridden_id,
    playbook_post,
    priority,
    room_of,
    user,
)

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.incidents.incident import Incident
from sandbox import Sandbox
from sandbox.demo import CHANNEL
from sandbox.pagerduty import API_KEY
from sandbox.waiting import until

LONG_AGO = 0.0


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRoom]:
    with Sandbox() as sandbox, pytest.MonkeyPatch.context() as patch:
        # They type faster than people do.
        patch.setattr("pagerduty_mattermost.chat.endpoint.ORDERS_AT_ONCE", 1000)
        # With what an OAuth app is told to have, and no more.
        sandbox.pagerduty.account.scopes[API_KEY] = documented_scopes()
        made = EmbeddedRoom(sandbox, tmp_path_factory.mktemp("room"))
        try:
            yield made
        finally:
            made.stop()


def test_every_form_of_the_grammar_has_a_row_that_is_read_as_it() -> None:
    assert sorted(row.usage for row in ROWS) == sorted(verb.usage for verb in TABLE.verbs)
    verbs = {verb.usage: verb.name for verb in TABLE.verbs}
    for row in ROWS:
        typed = row.phrase.format(
            one=1,
            two=2,
            id="PT4KHLK",
            window="PWINDOW",
            override="PEW7H5N:Q1",
            post="https://chat.example.com/ops/pl/kzq1q3z5ibr7bk8q6mh3n1pb4c",
        )
        assert parse(typed).command.verb == verbs[row.usage], row.phrase


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.phrase)
def test_a_command_does_what_it_says(room: EmbeddedRoom, row: Row) -> None:
    one, *others = [
        room.incident(title=f"{row.usage[:20]} {n}", status=row.status) for n in range(row.needs)
    ]
    row.prepare(room, one)
    person, before = room.person(row.who), len(room.person(row.who).seen())
    direct = len(room.direct(row.who))
    windows = list(room.pagerduty.catalog["maintenance_windows"])
    names = {
        "one": one.number,
        "id": one.id,
        "two": others[0].number if others else "",
        "window": "".join(windows),
        "override": overridden_id(room),
        "post": playbook_post(room) if "{post}" in row.phrase else "",
    }
    answer = person.command(row.channel, f"/pd {row.phrase.format(**names)}")
    assert answer.status_code == 200, answer.text
    if row.dialog:
        (dialog,) = person.dialogs()
        assert person.submit(dialog, row.dialog).json() == {}
    else:
        assert answer.json()["text"] == "", "the answer comes when it is done"
    if row.confirms:
        (asked,) = until(person.dialogs)
        assert room.pagerduty.incident(one.id).status == row.status
        assert person.submit(asked, {}).json() == {}
    if row.public:
        posts = until(
            lambda: [p for p in room.mattermost.posts(row.channel) if row.answer in text_of(p)], 10
        )
        assert not any("@all" in post.message for post in posts), "nobody is mentioned by a title"
    else:
        room.told(row.who, row.answer, before)
    assert until(lambda: row.effect(room, one))
    if row.card:
        until(lambda: row.card in room.shown(one))
    told = [text_of(post) for post in room.direct(row.who)[direct:]]
    assert [text for text in told if row.answer in text] == [], "it is told where it was asked"


class Click(NamedTuple):
    """On the card of an incident in that state."""

    status: str
    button: str
    option: str
    effect: Callable[[EmbeddedRoom, Any], Any]
    card: str = ""
    dialog: Dict[str, str] = {}
    """What is filled in; `@name`: a person chosen from Mattermost's list."""


def _choose(option: str, effect: Callable[[EmbeddedRoom, Any], Any], **more: Any) -> Click:
    return Click(more.pop("status", "acknowledged"), "more", option, effect, **more)


def _details_shown(room: EmbeddedRoom) -> bool:
    """They are read and closed."""
    ada = room.person("ada")
    (dialog,) = until(ada.dialogs)
    return (
        "Escalation policy" in dialog.dialog["introduction_text"]
        and ada.submit(dialog, {}).json() == {}
    )


CLICKS: Tuple[Click, ...] = (
    _choose("room", lambda r, one: room_of(r, one), status="triggered"),
    _choose("room", lambda r, one: room_of(r, one)),
    Click(
        "triggered",
        "acknowledge",
        "",
        lambda r, one: acknowledged_by(r, one, "Ada Lovelace"),
        "Acknowledged",
    ),
    Click("triggered", "resolve", "", lambda r, one: one.status == "resolved", "Resolved"),
    Click("acknowledged", "resolve", "", lambda r, one: one.status == "resolved", "Resolved"),
    Click(
        "triggered",
        "note",
        "",
        lambda r, one: notes(one) == ("Looking",),
        dialog={"text": "Looking"},
    ),
    _choose(
        "escalate",
        lambda r, one: assignees(r, one) == ("Grace Hopper",),
        card="Grace Hopper",
        dialog={"text": "2"},
    ),
    Click("resolved", "reopen", "", lambda r, one: one.is_open, "Triggered"),
    _choose("unacknowledge", lambda r, one: one.status == "triggered", card="Triggered"),
    *(_choose(value, lambda r, one: has_entry(one, "snooze")) for value, _ in buttons.SNOOZES),
    _choose("snoozeuntil", lambda r, one: has_entry(one, "snooze"), dialog={"until": "2h"}),
    _choose(
        "resolvenote",
        lambda r, one: (one.status, notes(one)) == ("resolved", ("Restarted",)),
        card="Resolved",
        dialog={"text": "Restarted"},
    ),
    _choose(
        "status",
        lambda r, one: [update["message"] for update in one.status_updates] == ["Half of it"],
        dialog={"text": "Half of it"},
        status="triggered",
    ),
    _choose(
        "reassign",
        lambda r, one: assignees(r, one) == ("Mei Tanaka",),
        card="assigned to @mei",
        dialog={"user": "@mei"},
    ),
    _choose("priority", lambda r, one: priority(r, one) == "P1", card="P1", dialog={"text": "P1"}),
    _choose(
        "responders",
        lambda r, one: [asked.user_id for asked in one.responders] == [user(r, "Olu Adeyemi")],
        dialog={"user": "@olu"},
    ),
    _choose(
        "workflow",
        lambda r, one: has_entry(one, r.pagerduty.options.workflow_entry),
        dialog={"text": "Major incident"},
    ),
    _choose("details", lambda r, one: _details_shown(r)),
)


def test_every_button_and_choice_that_a_card_can_have_is_clicked_here() -> None:
    can = set()
    for status in ("triggered", "acknowledged", "resolved"):
        for action in buttons.actions(
            Incident("PT4KHLK", status=status), "http://x.example", "k" * 32, LONG_AGO
        ):
            can |= {
                (word_of(action["id"]), option["value"])
                for option in action.get("options") or ({"value": ""},)
            }
    assert {(click.button, click.option) for click in CLICKS} == can


@pytest.mark.parametrize(
    "click", CLICKS, ids=lambda click: f"{click.button} {click.option} {click.status}".strip()
)
def test_a_click_does_what_it_says(room: EmbeddedRoom, click: Click) -> None:
    one = room.incident(title=f"{click.button} {click.option}", status=click.status)
    until(lambda: click.button in room.buttons(one))
    ada = room.person("ada")
    assert click.option in (room.buttons(one)[click.button] or [""])
    answer = ada.click(room.card(one), room.action_id(one, click.button), click.option)
    assert answer.status_code == 200, answer.text
    if click.dialog:
        (dialog,) = ada.dialogs()
        opened = room.sandbox.journal.facts_of("mattermost", "dialog_opened")[-1]
        assert opened.data["wrong"] == "", "all clients show it well"
        if click.option not in ("resolvenote", "escalate"):
            assert ada.submit(dialog, {}).json()["errors"], "to be put right"
        filled = {
            name: room.person(text[1:]).id if text.startswith("@") else text
            for name, text in click.dialog.items()
        }
        assert ada.submit(dialog, filled).json() == {}
        assert ada.dialogs() == []
    assert until(lambda: click.effect(room, one))
    if click.card:
        until(lambda: click.card in room.shown(one))


def test_the_buttons_of_a_list_act_on_their_row(room: EmbeddedRoom) -> None:
    first, second = (room.incident("Storefront", f"Row {n}") for n in range(2))
    ada, before = room.person("ada"), len(room.person("ada").seen())
    ada.command(CHANNEL, "/pd list on Storefront")
    listing = until(
        lambda: next((post for post in ada.seen()[before:] if post.attachments), None), 10
    )
    rows = {
        one.id: number
        for number, shown in enumerate(listing.attachments)
        for one in (first, second)
        if one.title in shown["text"]
    }
    assert ada.click(listing, f"acknowledge{rows[first.id]}").status_code == 200
    until(lambda: acknowledged_by(room, first, "Ada Lovelace"))
    assert ada.click(listing, f"resolve{rows[second.id]}").status_code == 200
    until(lambda: second.status == "resolved")
    room.told("ada", f"Acknowledged [#{first.number}")
    room.told("ada", f"Resolved [#{second.number}")


def test_what_is_asked_about_first_is_confirmed_by_who_asked_alone(room: EmbeddedRoom) -> None:
    first, second = (room.incident(title=f"Twin {n}") for n in range(2))
    ada, before = room.person("ada"), len(room.person("ada").seen())
    ada.command(CHANNEL, f"/pd merge {first.number} into {second.number}")
    (asked,) = until(ada.dialogs)
    assert room.person("grace").submit(asked, {}).status_code != 200
    time.sleep(0.1)
    assert first.status == "triggered"
    assert ada.submit(asked, {}).json() == {}
    until(lambda: first.merged_into == second.id)
    room.told("ada", "Merged", before)


def test_a_note_reply_becomes_a_note_in_its_writers_name(room: EmbeddedRoom) -> None:
    one = room.incident(title="With a thread")
    room.person("grace").say(CHANNEL, "note: Disk was full", room.card(one).id)
    until(
        lambda: (
            [(note.content, note.user_id) for note in one.notes]
            == [("Disk was full", user(room, "Grace Hopper"))]
        ),
        10,
    )


def test_a_command_without_an_id_means_the_only_open_one_of_who_asks(room: EmbeddedRoom) -> None:
    one = room.incident("Storefront", "Alone")
    for other in room.pagerduty.incidents.values():
        if (
            other is not one
            and other.is_open
            and user(room, "Mei Tanaka") in [id for id, _ in other.assignees]
        ):
            room.pagerduty.resolve(other, "mei@example.com")
    mei = room.person("mei")
    mei.command(CHANNEL, "/pd ack")
    (asked,) = until(mei.dialogs)
    assert "Alone" in asked.dialog["introduction_text"]
    assert mei.submit(asked, {}).json() == {}
    until(lambda: acknowledged_by(room, one, "Mei Tanaka"))


def test_a_private_channel_is_subscribed_once_the_bot_was_invited(room: EmbeddedRoom) -> None:
    room.mattermost.add_channel("war-room", private=True, members=["ada"])
    ada, before = room.person("ada"), len(room.person("ada").seen())
    ada.command("war-room", "/pd subscribe")
    room.told("ada", "/invite pagerduty here first", before)
    room.mattermost.add_member("war-room", "pagerduty")
    ada.command("war-room", "/pd subscribe")
    room.told("ada", "This channel is subscribed to all incidents", before)


def test_what_goes_wrong_is_told_to_who_typed_it_alone(room: EmbeddedRoom) -> None:
    ada, before, posts = (
        room.person("ada"),
        len(room.person("ada").seen()),
        len(room.mattermost.posts(CHANNEL)),
    )
    ada.command(CHANNEL, "/pd reslove 1")
    room.told("ada", "did you mean resolve? `/pd help resolve` explains it", before)
    ada.command(CHANNEL, "/pd lsit")
    room.told("ada", "did you mean `/pd list`", before)
    ada.command(CHANNEL, "/pd reassign 1 @nobody")
    room.told("ada", "There is no Mattermost user 'nobody'", before)
    ada.command(CHANNEL, "/pd dry-run resolve 1")
    room.told("ada", "Dry run", before)
    assert len(room.mattermost.posts(CHANNEL)) == posts
