"""How an order from chat is answered: decided without any I/O."""

from __future__ import annotations

from datetime import timezone
from typing import Any, Dict

import pytest
from posts_world import INCIDENT

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.chat import order_replies
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.order_replies import OrderReply
from pagerduty_mattermost.core.config.chat import ChatConfig
from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.core.config.settings import load

CHAT = ChatConfig(public_url="https://a.example", signing_keys=(Secret("s" * 32),))
SETTINGS = load({"api_key": "k" * 20})._replace(chat=CHAT)
HOOK = {"kind": "command", "hook": "/hooks/commands/h", "user_id": "u"}
MERGE = Command("merge", incidents="1,2")
LIST = Command("list", service="Checkout API", page="2")


@pytest.mark.parametrize(
    ("order", "command", "chat", "asked"),
    [
        ({"kind": "command"}, MERGE, CHAT, True),
        ({"kind": "command"}, Command("acknowledge", incidents="1"), CHAT, False),
        ({"kind": "command"}, Command("acknowledge", incidents="1,2"), CHAT, True),
        ({"kind": "command"}, Command("acknowledge_mine"), CHAT, True),
        ({"kind": "command"}, MERGE, CHAT._replace(confirm=()), False),
        ({"kind": "command"}, MERGE, CHAT._replace(public_url=""), False),
        ({"kind": "click", "verb": "confirmed"}, MERGE, CHAT, False),
    ],
)
def test_who_is_asked_first(
    order: Dict[str, Any], command: Command, chat: ChatConfig, asked: bool
) -> None:
    made = order_replies.asked_first(order, command, SETTINGS._replace(chat=chat), 0.0)
    assert (made is not None) is asked


def test_a_question_names_what_is_done_and_bears_the_command() -> None:
    made = order_replies.asked_first(HOOK, MERGE, SETTINGS, 0.0)
    assert made is not None
    assert (made.command, made.verb.act, made.reason) == (MERGE, "Merge", "")
    row = buttons.confirmation("Merge?", made.verb.act, {"o": "{}"}, "https://a", "k" * 20, 0.0)
    assert [one["name"] for one in row["actions"]] == ["Merge", "Cancel"]


@pytest.mark.parametrize(
    ("order", "result", "told"),
    [
        ({"kind": "command"}, CommandResult("Done."), True),
        ({"kind": "command"}, CommandResult(""), False),
        ({"kind": "row", "verb": "resolve"}, CommandResult("Done."), True),
        ({"kind": "click", "verb": "resolve"}, CommandResult("Done."), False),
        ({"kind": "click", "verb": "resolve"}, CommandResult("Late.", already=True), True),
        ({"kind": "click", "verb": "resolve"}, CommandResult("Resolved #7 already full."), False),
        ({"kind": "click", "verb": "confirmed"}, CommandResult("Done."), True),
        ({"kind": "dialog", "verb": "note"}, CommandResult("Done."), False),
        ({"kind": "dialog", "verb": "declare"}, CommandResult("Done."), True),
        ({"kind": "note", "verb": "note"}, CommandResult("Done."), False),
    ],
)
def test_what_is_told_and_what_the_card_shows(
    order: Dict[str, Any], result: CommandResult, told: bool
) -> None:
    assert order_replies.is_told(order, Command("resolve"), result) is told


def test_what_is_confirmed_on_a_post_is_told_there() -> None:
    clicked = {"kind": "click", "verb": "stormacknowledge", "post_id": "p" * 26}
    assert order_replies.clicked_post(clicked) == {"p": "p" * 26}
    assert order_replies.clicked_post({**clicked, "kind": "command"}) == {}
    on_run = {**clicked, "verb": "stage", "incident": "PINC1"}
    assert order_replies.clicked_post(on_run) == {"p": "p" * 26, "i": "PINC1"}
    confirmed = {"kind": "dialog", "verb": "confirmed", "post_id": "p" * 26}
    done = CommandResult("Done.")
    assert order_replies.is_in_thread(confirmed)
    assert order_replies.is_told(confirmed, Command("acknowledge"), done)
    assert not order_replies.is_told(confirmed, Command("stage"), done), "the post shows it"
    assert order_replies.is_told(confirmed, Command("stage"), done._replace(already=True))
    typed = {**confirmed, "hook": "/hooks/commands/x"}
    assert not order_replies.is_in_thread(typed)
    assert order_replies.is_told(typed, Command("stage"), done)


def test_a_list_has_buttons_where_its_answer_goes_back_by_the_commands_own_way() -> None:
    result = CommandResult("1 incident:\n\n| a table |", head="1 incident:", shown=(INCIDENT,))
    made = order_replies.reply_to(HOOK, LIST, result, CHAT, timezone.utc, 0.0)
    assert (made.text, made.plain) == ("1 incident:", result.message)
    assert [one["name"] for one in made.attachments[0]["actions"]] == ["Acknowledge", "Resolve"]
    plain = OrderReply(result.message)
    for order, chat in (
        ({**HOOK, "hook": ""}, CHAT),
        (HOOK, CHAT._replace(read_only=True)),
        (HOOK, CHAT._replace(signing_keys=())),
    ):
        assert order_replies.reply_to(order, LIST, result, chat, timezone.utc, 0.0) == plain
    public = CommandResult("Declared.", public=True)
    assert order_replies.reply_to(HOOK, LIST, public, CHAT, timezone.utc, 0.0).public


def test_cards_that_change_are_painted_from_what_pagerduty_answered() -> None:
    result = CommandResult("", ("PINC1", "PINC2"), after=(INCIDENT,))
    assert order_replies.repainted({}, Command("acknowledge"), result) == ("PINC1", "PINC2")
    assert order_replies.repainted({}, Command("note"), result) == ()
    # What was chosen from a menu would stay written there.
    chosen = {"kind": "click", "verb": "snooze1h", "channel_id": "c", "incident": "PINC9"}
    assert order_replies.repainted(chosen, Command("snooze"), result) == ("PINC9",)
    assert order_replies.repainted({**chosen, "kind": "row"}, Command("snooze"), result) == ()
    change = order_replies.change_from(result, "PINC1", 1_760_000_000.0)
    assert change is not None
    assert (change.incident, change.events) == (INCIDENT, ())
    assert order_replies.change_from(result, "PINC2", 1_760_000_000.0) is None
    assert order_replies.change_from(result, "PINC1", None) is None, "without PagerDuty's clock"


def test_only_a_declared_post_is_linked_back() -> None:
    assert order_replies.post_declared({"verb": "declare", "post_id": "p"}) == "p"
    assert order_replies.post_declared({"verb": "note", "post_id": "p"}) == ""
    assert order_replies.post_declared({"verb": "declare"}) == ""


def test_commands_in_a_warning_are_code_and_nothing_else_is() -> None:
    from pagerduty_mattermost.core.markdown import with_commands

    told = with_commands("say `/pd escalate 34 to level 2`, not `@all` or <b>")
    assert told.startswith("say `/pd escalate 34 to level 2`, not \\`@\u200ball\\` or <")
    assert with_commands("one ` alone") == "one \\` alone"
    assert with_commands("run `/invite @bot` there") == "run `/invite @bot` there"
