"""Calls from Mattermost: whatever comes is an order that was vouched for, or refused, and never
anything else."""

# flake8: noqa: E203,E501

from __future__ import annotations

import json
import string
from typing import Any, Dict
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.chat import dialogs
from pagerduty_mattermost.chat.calls import (
    CallRefused,
    CallSecrets,
    ChatCall,
    ChatOrder,
    DialogWanted,
)
from pagerduty_mattermost.chat.dialog_lists import KnownLists
from pagerduty_mattermost.chat.replay_guard import (
    KEPT_SECONDS,
    MAX_CALLS,
    CallMark,
    ReplayGuard,
    mark_of,
)
from pagerduty_mattermost.chat.requests import COMMAND, NOTE, read
from pagerduty_mattermost.gateways.http.signed_tokens import sign
from pagerduty_mattermost.incidents.incident import Incident

NOW, KEY, TOKEN = 1_760_000_000.0, "k" * 32, "t" * 26
SECRETS = CallSecrets((TOKEN,), (KEY,), ("w" * 26,))
ADA, EVE = "a" * 26, "e" * 26
FORM = {"content-type": "application/x-www-form-urlencoded", "authorization": "Token " + TOKEN}
PATHS = (COMMAND, NOTE, buttons.CLICK, dialogs.SUBMIT)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=8,
)
fields = st.dictionaries(
    st.sampled_from(
        (
            "token",
            "user_id",
            "context",
            "state",
            "submission",
            "trigger_id",
            "text",
            "command",
            "post_id",
            "cancelled",
        )
    ),
    anything | st.sampled_from((ADA, TOKEN, KEY, "w" * 26)),
    max_size=6,
)


def post(path: str, body: Any) -> ChatCall:
    return ChatCall(path, {"content-type": "application/json"}, json.dumps(body).encode())


def button(verb: str) -> str:
    made = {
        one["id"]: one
        for one in buttons.actions(Incident("P1", status="triggered"), "http://x", KEY, NOW)
    }
    return str(made[verb]["integration"]["context"]["token"])


def state(kind: str = "note", asker: str = ADA) -> str:
    made = dialogs.dialog(
        kind, "P1", "http://x", KEY, NOW, KnownLists(), asker=asker, channel="c" * 26
    )
    return str(made["dialog"]["state"])


@given(st.sampled_from(PATHS), fields)
def test_a_json_body_without_a_secret_of_ours_is_refused(path: str, body: Dict[str, Any]) -> None:
    vouched = path == NOTE and body.get("token") == "w" * 26
    try:
        found: Any = read(post(path, body), SECRETS, NOW)
    except CallRefused as refused:
        found = refused
    assert isinstance(
        found,
        ChatOrder if vouched and body.get("user_id") in (ADA, TOKEN, "w" * 26) else CallRefused,
    )
    assert not any(secret in str(found) for secret in (TOKEN, KEY, "w" * 26)) or isinstance(
        found, ChatOrder
    )


@given(
    st.sampled_from(PATHS),
    st.dictionaries(st.sampled_from(("content-type", "authorization")), st.text()),
    st.binary(),
)
def test_bytes_are_refused(path: str, headers: Dict[str, str], body: bytes) -> None:
    with pytest.raises(CallRefused):
        read(ChatCall(path, headers, body), SECRETS, NOW)


@given(st.data())
def test_no_letter_of_a_signature_may_be_another_one(data: st.DataObject) -> None:
    for token, body, path in (
        (
            button("resolve"),
            lambda token: {"user_id": ADA, "context": {"token": token}},
            buttons.CLICK,
        ),
        (
            state(),
            lambda token: {"user_id": ADA, "state": token, "submission": {"text": "x"}},
            dialogs.SUBMIT,
        ),
    ):
        assert isinstance(read(post(path, body(token)), SECRETS, NOW), ChatOrder)
        at = data.draw(st.integers(0, len(token) - 1))
        other = data.draw(st.sampled_from(string.printable).filter(lambda one: one != token[at]))  # noqa: B023
        with pytest.raises(CallRefused):
            read(post(path, body(token[:at] + other + token[at + 1 :])), SECRETS, NOW)


@given(st.sampled_from(tuple(buttons.DIALOGS)), st.text(max_size=26))
def test_a_dialog_is_good_for_who_opened_it_alone(kind: str, other: str) -> None:
    values = {"text": "x", "user": EVE, "until": "2h"}
    mine = {"user_id": ADA, "state": state(kind), "submission": values, "channel_id": EVE}
    found = read(post(dialogs.SUBMIT, mine), SECRETS, NOW)
    assert isinstance(found, ChatOrder)
    assert (found.user_id, found.channel_id) == (ADA, "c" * 26)
    for user in (EVE, other):
        with pytest.raises(CallRefused):
            read(post(dialogs.SUBMIT, {**mine, "user_id": user}), SECRETS, NOW)


def test_what_is_for_one_thing_serves_no_other() -> None:
    later = int(NOW) + 60
    for path, purpose in ((buttons.CLICK, "dialog"), (dialogs.SUBMIT, "button")):
        token = sign(KEY, purpose, {"v": "resolve", "i": "P1", "u": ADA}, later)
        with pytest.raises(CallRefused):
            read(
                post(path, {"user_id": ADA, "state": token, "context": {"token": token}}),
                SECRETS,
                NOW,
            )
    for token, secrets in ((TOKEN, CallSecrets((), (KEY,), (TOKEN,))), ("w" * 26, SECRETS)):
        form = urlencode({"token": token, "user_id": ADA, "text": "list"}).encode()
        with pytest.raises(CallRefused):
            read(
                ChatCall(COMMAND, {**FORM, "authorization": "Token " + token}, form), secrets, NOW
            )


def test_a_dialog_is_opened_for_who_clicked_where_they_clicked() -> None:
    click = {
        "user_id": ADA,
        "channel_id": "c" * 26,
        "trigger_id": "t",
        "context": {"token": button("note")},
    }
    assert read(post(buttons.CLICK, click), SECRETS, NOW) == DialogWanted(
        "note", "P1", "t", ADA, "c" * 26, about=buttons.About("#0")
    )
    for without in ("user_id", "trigger_id"):
        with pytest.raises(CallRefused):
            read(post(buttons.CLICK, {**click, without: ""}), SECRETS, NOW)


def test_a_mark_is_taken_once_until_it_is_given_back_or_old() -> None:
    used, one = ReplayGuard(), mark_of("token", "x", NOW)
    assert [
        used.take(one, NOW),
        used.take(one, NOW + 1),
        used.take(mark_of("trigger", "x", NOW), NOW),
    ] == [
        True,
        False,
        True,
    ]
    used.give_back(one)
    assert used.take(one, NOW)
    assert used.take(mark_of("token", "x", NOW + KEPT_SECONDS), NOW + KEPT_SECONDS), (
        "no token holds so long"
    )
    assert used.take(CallMark(), NOW)
    assert used.take(CallMark(), NOW), "what bears nothing of the kind"


def test_marks_are_bounded_and_the_oldest_go_first() -> None:
    used = ReplayGuard()
    marks = [mark_of("trigger", str(number), NOW) for number in range(MAX_CALLS + 10)]
    assert all(used.take(one, NOW) for one in marks)
    assert not used.take(marks[-1], NOW)
    assert used.take(marks[0], NOW)
