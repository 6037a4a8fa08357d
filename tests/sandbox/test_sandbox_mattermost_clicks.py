"""The sandbox's Mattermost and those it calls: clicks and dialogs, as measured on a real one."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from integrations_world import World, form, refused

from sandbox.server import HttpAnswer

FORBIDDEN = "api.context.permissions.app_error"
FAILED = "api.post.do_action.action_integration.app_error"


# Clicks


def test_a_click_is_told_as_measured(at: World) -> None:
    card = at.card(at.button())
    ada = at.person("ada")
    answer = ada.click(card, "acknowledge")
    assert (answer.status_code, answer.json()["status"]) == (200, "OK")
    (call,) = at.called
    assert (call.method, call.headers["Content-Type"], call.headers["Accept"]) == (
        *("POST", "application/json"),
        "application/json",
    )
    assert "Authorization" not in call.headers, "no signature, no token"
    sent = call.json()
    assert sent.pop("trigger_id")
    assert sent == {
        "user_id": ada.id,
        "user_name": "ada",
        "channel_id": at.incidents.id,
        "channel_name": "incidents",
        "team_id": at.world.team.id,
        "team_domain": "ops",
        "post_id": card,
        "type": "button",
        "data_source": "",
        "context": {"token": "secret"},
    }


def test_a_choice_comes_in_the_context(at: World) -> None:
    menu = at.button("more", type="select", options=[{"text": "A", "value": "a"}])
    people = at.button("who", type="select", data_source="users")
    card = at.card(menu, people)
    at.person("ada").click(card, "more", "a")
    at.person("ada").click(card, "who", at.mm.user("mei").id)
    first, second = (call.json() for call in at.called)
    assert (first["type"], first["context"]) == (
        "select",
        {"token": "secret", "selected_option": "a"},
    )
    assert (second["data_source"], second["context"]["selected_option"]) == (
        "users",
        at.mm.user("mei").id,
    )
    at.person("ada").click(card, "more")
    assert "selected_option" not in at.called[-1].json()["context"], (
        "the stored context is untouched"
    )


@pytest.mark.parametrize("id", ["snooze_1h", "snooze-1h", "nope"])
def test_a_click_on_an_id_with_other_characters_is_lost(at: World, id: str) -> None:
    card = at.card(at.button("snooze_1h"), at.button("snooze-1h"))
    answer = at.person("ada").click(card, id)
    assert answer.status_code == 404
    assert at.called == []


@pytest.mark.parametrize(
    "answer",
    [
        HttpAnswer(201, {}),
        HttpAnswer(202, {}),
        HttpAnswer(204),
        HttpAnswer(200, None),
        HttpAnswer(200, "ok"),
        HttpAnswer(200, []),
        HttpAnswer(200, {"ephemeral_text": 1}),
        HttpAnswer(200, {"update": "x"}),
        HttpAnswer(302, "", {"Location": "/ok"}),
    ],
)
def test_exactly_200_and_json_is_an_answer_to_a_click(at: World, answer: HttpAnswer) -> None:
    card = at.card(at.button())
    at.answers["/click"] = lambda request: answer
    got = at.person("ada").click(card, "acknowledge")
    assert refused(got) == (400, FAILED)
    assert got.json()["message"] == "Action integration error."
    assert len(at.called) == 1


def test_a_click_that_nobody_takes_in_time_is_an_error(at: World) -> None:
    card = at.card(at.button())
    at.mm.integration_seconds = 0.1
    at.double.faults.add("delay", seconds=1)
    assert refused(at.person("ada").click(card, "acknowledge")) == (400, FAILED)
    at.double.server.stop()
    assert refused(at.person("ada").click(card, "acknowledge")) == (400, FAILED)
    assert at.reasons()[0] == "timeout awaiting the answer"


def test_an_update_keeps_or_replaces_all_props(at: World) -> None:
    card = at.card(at.button(), mark={"incident": "P1"}, override_username="PD")
    at.answer(
        "/click",
        {"update": {"message": "acknowledged"}, "ephemeral_text": "see <https://a.example|it>"},
    )
    at.person("ada").click(card, "acknowledge")
    post = at.mm.post(card)
    assert (post.message, post.props["mark"], len(post.attachments)) == (
        "acknowledged",
        {"incident": "P1"},
        1,
    )
    (told,) = at.mm.ephemerals("ada")
    assert (told.message, told.root_id) == ("see [it](https://a.example)", card)
    at.answer("/click", {"update": {"props": {"attachments": [{"title": "new"}]}}})
    at.person("ada").click(card, "acknowledge")
    assert post.message == "", "blanked"
    assert (
        post.attachments[0]["title"],
        "mark" in post.props,
        post.props["override_username"],
    ) == ("new", False, "PD")
    assert refused(at.person("ada").click(card, "acknowledge")) == (
        404,
        "api.post.do_action.action_id.app_error",
    )


def test_no_click_is_deduplicated(at: World) -> None:
    card = at.card(at.button())
    ada = at.person("ada")
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: ada.click(card, "acknowledge"), range(3)))
    assert {a.status_code for a in answers} == {200}
    assert len(at.called) == 3


def test_who_can_not_read_the_channel_can_not_click(at: World) -> None:
    at.mm.add_channel("secret", private=True, members=["pagerduty"])
    at.incidents = at.mm.channel("secret")
    card = at.card(at.button())
    assert refused(at.person("ada").click(card, "acknowledge")) == (403, FORBIDDEN)
    assert refused(at.person("ada").click("a" * 26, "acknowledge")) == (403, FORBIDDEN)
    assert at.send("POST", f"/posts/{card}/actions/acknowledge", {}, "").status_code == 401
    assert at.called == []


def test_reads_hide_where_a_click_goes_and_patching_what_was_read_kills_it(at: World) -> None:
    card = at.card(at.button())
    read = at.send("GET", f"/posts/{card}").json()
    assert "integration" not in json.dumps(read)
    at.send("PUT", f"/posts/{card}/patch", {"message": "else", "props": read["props"]})
    assert at.person("ada").click(card, "acknowledge").status_code == 404


def test_patching_what_was_read_without_another_message_breaks_5_37_off(at: World) -> None:
    card = at.card(at.button())
    read = at.send("GET", f"/posts/{card}").json()
    with pytest.raises(requests.ConnectionError):
        at.send("PUT", f"/posts/{card}/patch", {"props": read["props"]})
    at.answer("/click", {})
    assert at.person("ada").click(card, "acknowledge").status_code == 200


def test_a_button_of_an_ephemeral_post_works_by_its_cookie(at: World) -> None:
    at.command()
    at.answer(
        "/command",
        {"text": "sure?", "attachments": [{"text": "?", "actions": [at.button("confirm")]}]},
    )
    ada = at.person("ada")
    ada.command("incidents", "/pd merge")
    (seen,) = ada.seen()
    at.answer("/click", {"ephemeral_text": "done"})
    assert ada.click(seen, "confirm").status_code == 200
    assert at.called[-1].json()["context"] == {"token": "secret"}
    assert [p.message for p in ada.seen()] == ["sure?", "done"]
    body = {"cookie": "x"}
    assert refused(ada.send(f"/posts/{seen.id}/actions/confirm", body)) == (400, FAILED)
    assert refused(at.person("grace").click(seen, "confirm")) == (403, FORBIDDEN)


# Dialogs

DIALOG = {
    "callback_id": "note",
    "title": "Note",
    "elements": [{"display_name": "Text", "name": "text", "type": "textarea"}],
    "state": "signed",
}


def opened(at: World, trigger: str, **fields: Any) -> Any:
    body = {"trigger_id": trigger, "url": at.double.url + "/dialog", "dialog": DIALOG, **fields}
    return at.send("POST", "/actions/dialogs/open", body, "")


def trigger_of(at: World, name: str = "ada") -> str:
    at.person(name).click(at.card(at.button()), "acknowledge")
    return str(at.called[-1].json()["trigger_id"])


def test_a_dialog_opens_for_who_clicked_without_a_session(at: World) -> None:
    assert opened(at, trigger_of(at)).json() == {"status": "OK"}
    (dialog,) = at.mm.dialogs("ada")
    assert (dialog.dialog["title"], at.mm.dialogs("grace")) == ("Note", [])


def test_a_trigger_lives_three_seconds(at: World) -> None:
    expired = "interactive_message.decode_trigger_id.expired"
    trigger = trigger_of(at)
    at.clock.advance(2.9)
    assert opened(at, trigger).status_code == 200
    at.clock.advance(0.2)
    assert refused(opened(at, trigger)) == (400, expired)
    at.mm.trigger_seconds = 30
    assert opened(at, trigger).status_code == 200, "newer servers"


def test_a_trigger_of_ones_own_making_opens_nothing(at: World) -> None:
    where = "interactive_message.decode_trigger_id."
    forged = base64.b64encode(
        f"{'a' * 26}:{at.mm.user('ada').id}:{at.mm.state.now()}:x".encode()
    ).decode()
    assert refused(opened(at, forged)) == (400, where + "verify_signature_failed")
    assert refused(opened(at, "%%")) == (400, where + "base64_decode_failed")
    assert refused(opened(at, "YTpi")) == (400, where + "missing_data")
    assert opened(at, trigger_of(at), url="").status_code == 400


def test_a_dialog_that_clients_show_badly_opens_and_is_noted(at: World) -> None:
    assert opened(at, trigger_of(at), dialog={**DIALOG, "title": "x" * 25}).status_code == 200
    first = at.journal.facts_of("mattermost", "dialog_opened")[-1]
    assert first.data["wrong"] == "the title has not 1 to 24 characters"
    opened(at, trigger_of(at))
    assert at.journal.facts_of("mattermost", "dialog_opened")[-1].data["wrong"] == ""


def test_a_submission_is_sent_as_measured_and_its_errors_come_back(at: World) -> None:
    opened(at, trigger_of(at))
    ada = at.person("ada")
    (dialog,) = ada.dialogs()
    at.answer("/dialog", {"errors": {"text": "too short"}})
    assert ada.submit(dialog, {"text": "x"}).json() == {"errors": {"text": "too short"}}
    assert at.called[-1].json() == {
        "type": "dialog_submission",
        "callback_id": "note",
        "state": "signed",
        "user_id": ada.id,
        "channel_id": at.incidents.id,
        "team_id": at.world.team.id,
        "submission": {"text": "x"},
        "cancelled": False,
    }
    assert ada.dialogs() == [dialog]
    at.answer("/dialog", {"error": "not now"})
    assert ada.submit(dialog, {"text": "x"}).json() == {"error": "not now"}
    at.answer("/dialog", "")
    assert ada.submit(dialog, {"text": "x"}).json() == {}
    assert ada.dialogs() == []
    at.answer("/dialog", {}, 500)
    assert refused(ada.submit(dialog, {})) == (400, FAILED)


def test_the_user_of_a_submission_is_the_servers_word(at: World) -> None:
    ada, grace = at.person("ada"), at.mm.user("grace")
    body = {
        "url": at.double.url + "/dialog",
        "user_id": grace.id,
        "channel_id": at.incidents.id,
        "team_id": at.world.team.id,
        "submission": {},
    }
    ada.send("/actions/dialogs/submit", body)
    assert at.called[-1].json()["user_id"] == ada.id
    at.mm.add_user("eve")
    assert refused(at.person("eve").send("/actions/dialogs/submit", body)) == (403, FORBIDDEN)


# The page's side of it, by HTTP


def control(at: World, word: str, **body: Any) -> Any:
    answer = requests.post(f"{at.server.url}/_sandbox/{word}", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def test_another_process_does_what_people_do(at: World) -> None:
    at.command()
    at.answer("/command", {"text": "listed"})
    card = at.card(at.button())
    assert (
        control(at, "command", user="ada", channel="incidents", text="/pd list")["status"] == 200
    )
    assert control(at, "click", user="ada", post=card, action="acknowledge")["status"] == 200
    assert [p["message"] for p in control(at, "ephemerals", user="ada")] == ["listed"]
    opened(at, str(at.called[-1].json()["trigger_id"]))
    (dialog,) = control(at, "dialogs", user="ada")
    at.answer("/dialog", {"errors": {"text": "no"}})
    assert control(at, "submit", user="ada", dialog=dialog["id"], values={"text": ""})["body"] == {
        "errors": {"text": "no"}
    }
    at.answer("/dialog", {})
    assert (
        control(at, "submit", user="ada", dialog=dialog["id"], values={"text": "x"})["body"] == {}
    )
    assert control(at, "dialogs", user="ada") == []
    refusal = control(at, "click", user="ada", post=card, action="no_such")
    assert (refusal["status"], refusal["body"]["id"]) == (404, "api.context.404.app_error")


def test_the_page_is_told_what_one_person_sees(at: World) -> None:
    at.command()
    at.answer("/command", {"text": "only you"})
    at.person("ada").command("incidents", "/pd list")
    opened(at, form(at.called[-1])["trigger_id"])
    view = control(at, "view", user="ada")
    assert [(p["message"], p["ephemeral"]) for p in view["posts"]] == [("only you", True)]
    assert [d["dialog"]["title"] for d in view["dialogs"]] == ["Note"]
    assert {"name": "ada", "id": at.mm.user("ada").id} in view["people"]
    for other in (control(at, "view", user="grace"), control(at, "view")):
        assert (other["posts"], other["dialogs"]) == ([], [])
