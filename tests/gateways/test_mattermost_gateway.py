"""The gateway to Mattermost over real HTTP: what it sends and reads, and which of our errors each
answer is."""

from __future__ import annotations

import logging
from typing import Any, Iterator

import openapi
import pytest
from chat_world import Chat
from http_double import Double
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.core.config import settings as config
from pagerduty_mattermost.core.errors import (
    NotFound,
    PackError,
    PermanentError,
    RejectedInput,
    RetryLater,
    Unauthorized,
)
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.gateways.mattermost.client import DELETED_CHANNEL, Mattermost
from pagerduty_mattermost.gateways.mattermost.values import checked_name
from sandbox.mattermost.versions import VERSIONS
from sandbox.server import HttpAnswer


@pytest.mark.parametrize("trouble", ["drop", "truncate", "bad_json", "html", "empty"])
def test_a_read_is_repeated_until_it_reads(chat: Chat, trouble: str) -> None:
    chat.server.faults.add(trouble, path="/users/me", times=2)
    assert chat.gateway().me().username == "pagerduty"


@pytest.mark.parametrize("trouble", ["html", "bad_json", "empty"])
def test_an_answer_that_never_reads_is_retry_later(chat: Chat, trouble: str) -> None:
    chat.server.faults.add(trouble, path="/users/me")
    with pytest.raises(RetryLater, match="no JSON") as failure:
        chat.gateway().me()
    assert not failure.value.maybe_done


def test_what_is_wrong_is_told_with_status_and_error_id(chat: Chat, incidents: str) -> None:
    mattermost = chat.gateway()
    with pytest.raises(Unauthorized) as closed:
        mattermost.create_post("a" * 26, "x")
    assert (closed.value.status, closed.value.error_id) == (
        403,
        "api.context.permissions.app_error",
    )
    with pytest.raises(NotFound) as missing:
        mattermost.channel_by_name("ops", "nowhere")
    assert missing.value.status == 404
    chat.service.archive("incidents")
    with pytest.raises(RejectedInput) as archived:
        mattermost.create_post(incidents, "x")
    assert (archived.value.status, archived.value.error_id) == (400, DELETED_CHANNEL)
    chat.service.revoke(chat.world.bot_token)
    with pytest.raises(Unauthorized, match=r"mattermost\.token") as revoked:
        mattermost.create_post(incidents, "x")
    assert revoked.value.status == 401
    assert chat.world.bot_token not in str(revoked.value)


def test_a_redirect_is_not_followed_and_the_address_is_told() -> None:
    with Double(
        lambda _: HttpAnswer(
            301, None, {"Location": "https://chat.example.com/api/v4/users/me?t=1"}
        )
    ) as double:
        raw = {"mattermost": {"url": double.url, "token": "t" * 26}}
        mattermost = Mattermost(config.require_mattermost(config.load(raw)))
        with pytest.raises(PermanentError, match=r"redirects to https://chat\.example\.com:"):
            mattermost.me()
    assert len(double.requests) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (HttpAnswer(501, {"id": "x.disabled", "message": "off"}), PermanentError),
        (HttpAnswer(405, "no"), PermanentError),
        (HttpAnswer(413, {"id": "too.large"}), RejectedInput),
        (HttpAnswer(200, []), RetryLater),
        (HttpAnswer(200, {"id": "me"}), RetryLater),
        (HttpAnswer(404, "<html>"), NotFound),
    ],
)
def test_every_other_answer_is_one_of_our_errors(answer: HttpAnswer, error: type) -> None:
    with Double(lambda _: answer) as double:
        raw = {"mattermost": {"url": double.url, "token": "t" * 26}}
        mattermost = Mattermost(config.require_mattermost(config.load(raw)), sleep=lambda _: None)
        with pytest.raises(error):
            mattermost.me()


def test_a_proxys_page_without_posts_is_no_empty_channel() -> None:
    with Double(lambda _: HttpAnswer(200, {"status": "fine"})) as double:
        raw = {"mattermost": {"url": double.url, "token": "t" * 26}}
        mattermost = Mattermost(config.require_mattermost(config.load(raw)), sleep=lambda _: None)
        with pytest.raises(RetryLater, match="no list of posts"):
            mattermost.channel_posts("a" * 26)


def test_a_netrc_entry_does_not_replace_the_token(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password wrong\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert chat.gateway().me().username == "pagerduty"


def test_the_server_may_stand_below_a_path() -> None:
    me = {"id": "b" * 26, "username": "bot"}
    with Double(lambda _: HttpAnswer(200, me)) as double:
        raw = {"mattermost": {"url": double.url + "/chat/", "token": "t" * 26}}
        Mattermost(config.require_mattermost(config.load(raw))).me()
    assert double.requests[0].path == "/chat/api/v4/users/me"


def test_nothing_is_logged_but_one_line_a_request_when_asked_for(
    chat: Chat, incidents: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    quiet = chat.gateway()
    with pytest.raises(NotFound):
        quiet.channel_by_name("ops", "nowhere")
    assert not [record for record in caplog.records if "mattermost" in record.name.lower()]
    chat.gateway(log=logging.getLogger("test")).create_post(incidents, "body-text")
    lines = [record.getMessage() for record in caplog.records if record.name == "test"]
    assert len(lines) == 2
    assert lines[1].startswith("Mattermost POST /api/v4/posts 201 ")
    assert not [line for line in lines if chat.world.bot_token in line or "body-text" in line]


@pytest.mark.parametrize(
    "name", ["../me", "a/b", "a?b", "a#b", "a b", "..", ".", "", "ü", "a\nb", "%2e%2e", "a\\b"]
)
def test_a_name_never_leads_to_another_path(chat: Chat, name: str) -> None:
    mattermost = chat.gateway()
    calls = [
        lambda: mattermost.user_by_username(name),
        lambda: mattermost.channel_by_name("ops", name),
        lambda: mattermost.channel_by_name(name, "incidents"),
        lambda: mattermost.get_post(name),
        lambda: mattermost.thread(name),
        lambda: mattermost.channel_posts(name),
        lambda: mattermost.user(name),
        lambda: mattermost.user_by_email(name),
        lambda: mattermost.user_by_email(name + "@example.com/../x"),
    ]
    for call in calls:
        with pytest.raises(RejectedInput):
            call()  # type: ignore[no-untyped-call]
    assert not chat.journal.entries


@settings(deadline=None)
@given(st.text(max_size=80), st.sampled_from(["channel", "team", "user", "emoji"]))
def test_a_checked_name_is_one_plain_path_segment(text: str, what: str) -> None:
    try:
        name = checked_name(text, what)
    except RejectedInput:
        return
    assert name not in ("", ".", "..")
    assert all(char.isascii() and (char.isalnum() or char in "._+-") for char in name)


def test_users_are_found_by_name_and_address(chat: Chat) -> None:
    mattermost = chat.gateway()
    ada = chat.world.users["ada"]
    assert mattermost.user_by_username("@Ada").id == ada.id
    assert mattermost.user_by_email("Ada@Example.com").id == ada.id
    assert mattermost.user(ada.id).username == "ada"
    chat.service.add_user("odd", "o+d'd@example.com")
    assert mattermost.user_by_email("o+d'd@example.com").username == "odd"


def test_text_that_breaks_servers_is_cleaned_before_it_goes_out(
    chat: Chat, incidents: str
) -> None:
    mattermost = chat.gateway()
    mattermost.create_post(
        incidents, "a\0b\ud800 {{ braces }} 🚨", props={"attachments": [{"text": "x\0y"}]}
    )
    (post,) = chat.service.posts("incidents")
    assert post.message == "ab\ufffd {{ braces }} 🚨"
    assert post.props["attachments"][0]["text"] == "xy"


def test_a_message_that_is_too_long_is_refused_before_it_goes_out(
    chat: Chat, incidents: str
) -> None:
    with pytest.raises(RejectedInput, match="16384 characters"):
        chat.gateway().create_post(incidents, "x" * 16384)
    assert chat.created() == 0
    chat.gateway().create_post(incidents, "🚨" * 16383)


def test_a_patch_changes_what_it_names_only(chat: Chat, incidents: str) -> None:
    mattermost = chat.gateway()
    post = mattermost.create_post(incidents, "old", props={"a": 1})
    mattermost.patch_post(post["id"], message="new")
    (kept,) = chat.service.posts("incidents")
    assert (kept.message, kept.props["a"]) == ("new", 1)
    mattermost.patch_post(post["id"], props={"b": 2})
    (kept,) = chat.service.posts("incidents")
    assert kept.message == "new"
    assert "a" not in kept.props


def test_a_thread_is_read_oldest_first_without_deleted_replies(chat: Chat, incidents: str) -> None:
    mattermost = chat.gateway()
    root = mattermost.create_post(incidents, "root")["id"]
    for number in range(3):
        chat.clock.advance(1)
        mattermost.create_post(incidents, str(number), root_id=root)
    chat.service.delete(chat.service.thread(root)[1])
    assert [post["message"] for post in mattermost.thread(root)] == ["root", "0", "2"]


def test_joining_reacting_and_direct_channels_may_be_repeated(chat: Chat) -> None:
    mattermost = chat.gateway()
    channel = mattermost.channel_by_name("ops", "incidents")
    chat.server.faults.add("lost", method="POST", times=1)
    mattermost.join(channel.id)
    mattermost.join(channel.id)
    post = mattermost.create_post(channel.id, "x")["id"]
    mattermost.add_reaction(post, ":eyes:")
    mattermost.add_reaction(post, "eyes")
    (kept,) = chat.service.posts("incidents")
    assert [reaction.emoji_name for reaction in kept.reactions] == ["eyes"]
    ada = chat.world.users["ada"].id
    assert mattermost.direct_channel(ada).id == mattermost.direct_channel(ada).id


def test_a_file_is_uploaded_and_posted(chat: Chat, incidents: str) -> None:
    mattermost = chat.gateway()
    file_id = mattermost.upload_file(incidents, "graph.png", b"\x89PNG")
    mattermost.create_post(incidents, "", file_ids=[file_id])
    (post,) = chat.service.posts("incidents")
    assert post.file_ids == [file_id]


@settings(deadline=None)
@given(
    st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 409, 413, 429, 500, 501, 502, 503]),
    st.binary(),
)
def test_no_answer_brings_anything_but_our_errors(double: Any, status: int, body: bytes) -> None:
    double.answer = HttpAnswer(status, body)
    raw = {"mattermost": {"url": double.url, "token": "t" * 26}}
    mattermost = Mattermost(config.require_mattermost(config.load(raw)), sleep=lambda _: None)
    with pytest.raises(PackError):
        mattermost.me()


def test_json_too_deep_to_read_is_one_of_our_errors(double: Any) -> None:
    raw = {"mattermost": {"url": double.url, "token": "t" * 26}}
    mattermost = Mattermost(config.require_mattermost(config.load(raw)), sleep=lambda _: None)
    for status in (200, 403, 500):
        double.answer = HttpAnswer(status, b"[" * 200_000)
        with pytest.raises(PackError):
            mattermost.me()


@pytest.fixture(scope="module")
def double() -> Iterator[Any]:
    with Double(lambda _: double.answer) as double:  # type: ignore[attr-defined]
        double.answer = HttpAnswer()  # type: ignore[attr-defined]
        yield double


@pytest.mark.skipif(not openapi.available(), reason="../shared/contracts is not there")
def test_every_request_fits_mattermosts_own_contract(chat: Chat) -> None:
    mattermost = chat.gateway()
    channel = mattermost.channel_by_name("ops", "incidents", include_archived=True)
    mattermost.join(channel.id)
    now = mattermost.channel(channel.id)
    assert now._replace(last_post_at=0) == channel
    assert mattermost.teams() == ["ops"]
    file_id = mattermost.upload_file(channel.id, "a.txt", b"a")
    root = mattermost.create_post(channel.id, "root", key="r", file_ids=[file_id])["id"]
    mattermost.create_post(
        channel.id, "reply", root_id=root, props={"attachments": [{"title": "t"}]}
    )
    mattermost.patch_post(root, message="new", props={"attachments": [{"title": "t"}]})
    team = own_channels.team_id(mattermost, "ops")
    room = own_channels.create(mattermost, team, "inc-1", "One", purpose="p", header="h").id
    own_channels.changed_posts(mattermost, channel.id, 1)
    own_channels.members(mattermost, room)
    own_channels.count(mattermost, team, 10)
    own_channels.pin(mattermost, root)
    chat.service.make_team_admin("ops", "pagerduty")
    own_channels.make_private(mattermost, room)
    own_channels.archive(mattermost, room)
    own_channels.restore(mattermost, room)
    mattermost.get_post(root)
    mattermost.find_reply(root, "none")
    mattermost.channel_posts(channel.id, before=root)
    mattermost.add_reaction(root, "eyes")
    ada = mattermost.user_by_username("ada")
    assert mattermost.user_by_email("ada@example.com") == mattermost.user(ada.id) == ada
    mattermost.direct_channel(ada.id)
    with pytest.raises(NotFound):
        mattermost.channel_by_name("ops", "nowhere")
    assert openapi.check_journal(chat.journal) == []


@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_which_posts_live_is_known_on_servers_without_reading_by_ids(
    chat: Chat, incidents: str, version: str
) -> None:
    """Old ones answer 404 to it, new ones where none of the posts is there."""
    chat.service.version = VERSIONS[version]
    mattermost = chat.gateway()
    kept, deleted, hidden = (mattermost.create_post(incidents, "x")["id"] for _ in range(3))
    chat.service.delete(deleted)
    secret = chat.service.add_channel("ops", "secret", private=True).id
    chat.service.state.posts[hidden].channel_id = secret
    unknown = "z" * 26
    assert mattermost.living([kept, deleted, unknown, hidden]) == [kept, hidden]
    assert mattermost.living([unknown]) == mattermost.living([deleted]) == []
    assert mattermost.living([]) == []
