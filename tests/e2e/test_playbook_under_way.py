"""A playbook from the command to the ticks of three people, in the whole pack: what is clicked in
Mattermost is carried out by the chat sensor, the rule and the action."""

from __future__ import annotations

import time
from typing import Any, Iterator

import pytest
from embedded_room import EmbeddedRoom
from typed_effects import playbook_of, room_of, with_playbook

from sandbox import Sandbox
from sandbox.waiting import until


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRoom]:
    with Sandbox() as sandbox:
        made = EmbeddedRoom(sandbox, tmp_path_factory.mktemp("playbook"))
        try:
            yield made
        finally:
            made.stop()


def post(room: EmbeddedRoom, one: Any) -> Any:
    """The playbook post of an incident."""
    posts = room.mattermost.posts(room_of(room, one))
    return next(post for post in posts if "Playbook **" in post.message)


def action(room: EmbeddedRoom, one: Any, name: str) -> str:
    """The id of what is called so now."""
    shown = post(room, one).props["attachments"][0]["actions"]
    return str(next(found["id"] for found in shown if found["name"].startswith(name)))


def choose(room: EmbeddedRoom, one: Any, name: str, option: str) -> None:
    """In the menu of tasks. It is another one in each picture of the post, and Mattermost answers
    404 where the post was painted since it was looked at: then it is chosen in the new one."""

    def chosen() -> bool:
        menu = action(room, one, "Tick or untick")
        return bool(room.person(name).click(post(room, one), menu, option).status_code == 200)

    until(chosen)


def test_ticks_by_buttons_and_menus_of_several_people(room: EmbeddedRoom) -> None:
    one = room.incident(title="Checkout is down")
    with_playbook(room, one)
    for name in ("grace", "linus"):
        room.mattermost.add_member(room_of(room, one), name)
    began = time.monotonic()
    first = action(room, one, "☐ 1.1")
    assert room.person("grace").click(post(room, one), first).status_code == 200
    until(lambda: "✅ ~~1.1" in playbook_of(room, one))
    choose(room, one, "linus", "changes:done")
    until(lambda: "✅ ~~2.1" in playbook_of(room, one))
    print(f"two ticks shown after {time.monotonic() - began:.1f} s")
    assert "grace" in playbook_of(room, one).splitlines()[2]
    choose(room, one, "ada", "impact:open")
    until(lambda: "☐ 1.1" in playbook_of(room, one))


def test_next_stage_asks_in_a_dialog_and_goes_one_step(room: EmbeddedRoom) -> None:
    one = room.incident(title="Checkout is slow")
    with_playbook(room, one)
    for name in ("grace", "linus"):
        room.mattermost.add_member(room_of(room, one), name)
        room.person(name).click(post(room, one), action(room, one, "Next:"))
    asked = [until(room.person(name).dialogs, 10)[0] for name in ("grace", "linus")]
    assert "Go on to 2 Find and stop the harm?" in asked[0].dialog["introduction_text"]
    assert "1.1 Say in one sentence" in asked[0].dialog["introduction_text"]
    answers = [
        room.person(name).submit(dialog, {}, room_of(room, one)).text
        for name, dialog in zip(("grace", "linus"), asked)
    ]
    until(lambda: "**2 Find and stop the harm** · 0/4 · now" in playbook_of(room, one))
    assert "somebody has moved on" not in answers[0]
    assert "somebody has moved on" in answers[1]


def test_a_task_that_needs_more_words_opens_its_dialog(room: EmbeddedRoom) -> None:
    one = room.incident(title="Checkout loses orders")
    with_playbook(room, one)
    ada = room.person("ada")
    ada.click(post(room, one), action(room, one, "More"), "open priority")
    (dialog,) = until(ada.dialogs)
    ada.submit(dialog, {"text": "P1"}, room_of(room, one))
    until(lambda: room.pagerduty.find("priorities", "P1")["id"] == one.priority_id)
    until(lambda: "Open a call" in playbook_of(room, one))
