"""What people copy from Mattermost and PagerDuty holds no character that nobody sees: names of
rooms that are links, timelines, status updates, files, and notes, which are plain text. What would
act without one stands as code."""

from __future__ import annotations

from typing import Iterator, List, Tuple

import pytest
from runs_case import RunsWorld

ZERO_WIDTH_SPACE = "\u200b"
SAID = "look at ~incidents and #db with @grace"
COMMANDS = (
    f'note "{SAID}"',
    "update look at ~incidents and #db",
    "room",
    "rooms",
    "show {id}",
    "mitigate",
    "catchup",
    "timeline",
    "timeline md",
    "timeline seal",
    "room rename shop-is-down",
    "retrospective",
    "resolve done",
    "rooms ended",
)


@pytest.fixture
def world() -> Iterator[RunsWorld]:
    with RunsWorld() as made:
        made.begin()
        yield made


def shown(world: RunsWorld) -> List[Tuple[str, str]]:
    posts = [("post", post.message) for post in world.chat.state.posts.values()]
    files = [
        (file.name, file.content.decode("utf-8", "replace"))
        for file in world.chat.state.files.values()
    ]
    notes = [("note", note.content) for note in world.case.notes]
    return [*posts, *files, *notes]


def test_nothing_invisible_is_in_what_people_copy(world: RunsWorld) -> None:
    for command in COMMANDS:
        world.say("ada", command.format(id=world.case.id))
    found = shown(world)
    assert [text for _, text in found if ZERO_WIDTH_SPACE in text] == []
    for part in (
        "[`~inc-2026-11-21-database-timeout`](",
        "[`~shop-is-down`](",
        "noted: look at `~incidents` and `#db` with `@grace`",
        "📣 look at `~incidents` and `#db`",
        "> look at `~incidents` and `#db` with `@grace`",
    ):
        assert any(part in text for _, text in found), part
    assert ("note", SAID) in found


def test_what_acts_in_a_note_of_a_stranger_does_not_in_a_timeline(world: RunsWorld) -> None:
    world.say("ada", 'note "@channel: <b>#x</b> [a](http://evil) ~town-square"')
    world.say("ada", "timeline")
    text = next(text for _, text in reversed(shown(world)) if text.startswith("Timeline of"))
    assert ZERO_WIDTH_SPACE not in text
    for part in ("`@channel:`", "`~town-square`"):
        assert part in text, text


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_note_at_pagerduty_is_plain_text_whoever_writes_it(
    world: RunsWorld, method: str
) -> None:
    pagerduty, path = world.context().pagerduty, f"/incidents/{world.case.id}/notes"
    body = {"note": {"content": "ask @\u200bgrace \u2068now\u2069 👨\u200d🚒"}}
    note = pagerduty.post(path, {"note": {"content": "x"}}, from_email="ada@example.com")["note"]
    if method == "PUT":
        pagerduty.put(f"{path}/{note['id']}", body, from_email="ada@example.com")
    else:
        pagerduty.post(path, body, from_email="ada@example.com")
    assert world.case.notes[-1].content == "ask @grace now 👨\u200d🚒"
    assert "\u200b" in body["note"]["content"], "what was given is left as it is"
