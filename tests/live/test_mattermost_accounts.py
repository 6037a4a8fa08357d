"""The contract, accounts: tokens, users by id, name and e-mail, teams, bots; and what the server
tells of itself."""

from __future__ import annotations

import pytest
import requests
from mattermost_site import TIMEOUT, Client, Site, good, refused

EXPIRED = "api.context.session_expired.app_error"


# Tokens


def test_a_wrong_token_is_401_session_expired(site: Site) -> None:
    refused(Client(site.url, "z" * 26, site.ca_file).get("/users/me"), 401, EXPIRED)


def test_no_token_is_401(site: Site) -> None:
    answer = requests.get(
        site.bot.base + "/users/me", timeout=TIMEOUT, verify=site.ca_file or True
    )
    refused(answer, 401, EXPIRED)


def test_a_revoked_token_is_401(site: Site) -> None:
    made = good(site.admin.post(f"/users/{site.bot_id}/tokens", {"description": site.run}))
    client = Client(site.url, made["token"], site.ca_file)
    assert good(client.get("/users/me"))["id"] == site.bot_id
    good(site.admin.post("/users/tokens/revoke", {"token_id": made["id"]}))
    refused(client.get("/users/me"), 401, EXPIRED)


def test_a_disabled_bot_is_401_until_it_is_enabled(site: Site) -> None:
    bot = good(site.admin.post("/bots", {"username": site.new_name()}))
    client = site.client_of(bot["user_id"])
    assert client.get("/users/me").status_code == 200
    assert good(site.admin.post("/bots/{}/disable".format(bot["user_id"])))["delete_at"] > 0
    refused(client.get("/users/me"), 401, EXPIRED)


# Users


def test_a_bot_knows_itself(site: Site) -> None:
    me = good(site.bot.get("/users/me"))
    assert me["id"] == site.bot_id
    assert me["is_bot"] is True
    assert me["username"] == site.run + "-bot"
    assert me["delete_at"] == 0


def test_a_user_is_found_by_id_name_and_email(site: Site) -> None:
    person = site.person
    for path in (
        "/users/" + person["id"],
        "/users/username/" + person["username"],
        "/users/email/" + person["email"],
    ):
        assert good(site.bot.get(path))["id"] == person["id"]


def test_what_is_unknown_is_404(site: Site) -> None:
    unknown = site.new_name()
    for path in (
        "/users/" + "z" * 26,
        "/users/username/" + unknown,
        f"/users/email/{unknown}@example.com",
    ):
        refused(site.bot.get(path), 404)


def test_a_malformed_user_id_is_400(site: Site) -> None:
    refused(site.bot.get("/users/short"), 400, "api.context.invalid_url_param.app_error")


def test_users_by_ids_leave_out_what_is_unknown(site: Site) -> None:
    found = good(site.bot.post("/users/ids", [site.person["id"], "z" * 26]))
    assert [u["id"] for u in found] == [site.person["id"]]
    refused(site.bot.post("/users/ids", []), 400)


def test_users_are_searched_by_the_start_of_their_name(site: Site) -> None:
    found = good(site.bot.post("/users/search", {"term": site.run + "-ada"}))
    assert site.person["id"] in {u["id"] for u in found}
    refused(site.bot.post("/users/search", {"term": ""}), 400)


def test_a_bot_learns_nothing_of_email_verified(site: Site) -> None:
    assert not good(site.bot.get("/users/" + site.person["id"])).get("email_verified")


# Teams


def test_a_team_is_found_by_name_and_id(site: Site) -> None:
    assert good(site.bot.get("/teams/name/" + site.team["name"]))["id"] == site.team["id"]
    assert good(site.bot.get("/teams/" + site.team["id"]))["name"] == site.team["name"]
    assert site.team["id"] in {t["id"] for t in good(site.bot.get("/users/me/teams"))}


def test_an_unknown_team_is_404(site: Site) -> None:
    refused(site.bot.get("/teams/name/" + site.new_name()), 404)


# Bots


def test_a_bot_makes_no_bots(site: Site) -> None:
    refused(site.bot.post("/bots", {"username": site.new_name()}), 403)


def test_an_administrator_reads_a_bot(site: Site) -> None:
    bot = good(site.admin.get("/bots/" + site.bot_id))
    assert (bot["user_id"], bot["display_name"]) == (site.bot_id, "Contract")
    refused(site.bot.get("/bots/" + site.person["id"]), 404)


# The server


@pytest.mark.parametrize("query", [{}, {"get_server_status": "true"}])
def test_ping_needs_no_token(site: Site, query: dict) -> None:  # type: ignore[type-arg]
    url = site.bot.base + "/system/ping"
    answer = requests.get(url, params=query, timeout=TIMEOUT, verify=site.ca_file or True)
    assert good(answer)["status"] == "OK"
    if query:
        assert answer.json()["database_status"] == "OK"


def test_the_old_form_of_the_client_configuration_is_a_map_of_texts(site: Site) -> None:
    body = good(site.bot.get("/config/client", format="old"))
    assert body["Version"]
    assert int(body["MaxPostSize"]) >= 4000
    assert all(isinstance(v, str) for v in body.values())


def test_an_unknown_path_is_404(site: Site) -> None:
    answer = site.bot.get("/nothing/here")
    assert (answer.status_code, answer.json()["id"]) == (404, "api.context.404.app_error")
    assert "request_id" not in answer.json()


def test_a_known_path_with_another_method_is_404(site: Site) -> None:
    for method, path in (("PUT", "/posts"), ("PATCH", "/posts/" + "z" * 26)):
        answer = site.bot.send(method, path, json={})
        assert (answer.status_code, answer.json()["id"]) == (404, "api.context.404.app_error")
