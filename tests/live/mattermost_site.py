"""A Mattermost to hold to the contract: the sandbox, or a real one; made ready and cleaned up
through its API alone."""

from __future__ import annotations

import secrets
import time
from typing import Any, Dict, List, Mapping, Optional

import requests

TIMEOUT = (5, 30)
MOST_WAITS = 20


class Client:
    """API v4 as one account; paths below /api/v4, answers as they came. Waits out a rate limit."""

    def __init__(self, url: str, token: str, ca_file: str = "") -> None:
        self.base = url.rstrip("/") + "/api/v4"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = "Bearer " + token
        if ca_file:
            self.session.verify = ca_file

    def send(self, method: str, path: str, **how: Any) -> requests.Response:
        for _ in range(MOST_WAITS):
            answer = self.session.request(method, self.base + path, timeout=TIMEOUT, **how)
            if answer.status_code != 429:
                break
            time.sleep(float(answer.headers.get("Retry-After", 1)))
        return answer

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.send("GET", path, params=params)

    def post(self, path: str, body: Any = None) -> requests.Response:
        return self.send("POST", path, json=body)

    def put(self, path: str, body: Any) -> requests.Response:
        return self.send("PUT", path, json=body)

    def delete(self, path: str) -> requests.Response:
        return self.send("DELETE", path)

    def create_post(self, channel_id: str, message: str = "", **fields: Any) -> requests.Response:
        return self.post("/posts", dict(fields, channel_id=channel_id, message=message))


class Site:
    """One server with a team, a bot and two people, all of this run."""

    def __init__(self, url: str, admin_token: str, team: str = "", ca_file: str = "") -> None:
        self.url = url
        self.ca_file = ca_file
        self.journal: Any = None
        """What reached the server; the sandbox has it."""
        self.account: Any = None
        """The sandbox itself, for what no API tells."""
        self.run = "contract-" + secrets.token_hex(5)
        self.admin = Client(url, admin_token, ca_file)
        self.is_new = is_new(self.admin.get("/system/ping").headers.get("X-Version-Id", ""))
        """Whether it answers as 11.6 does, where that differs from 5.37."""
        self.made_channels: List[str] = []
        self.made_users: List[str] = []
        self.team = self._team(team)
        self.bot_user = good(
            self.admin.post("/bots", {"username": self.run + "-bot", "display_name": "Contract"})
        )
        self.bot_id: str = self.bot_user["user_id"]
        self.join_team(self.bot_id)
        self.bot = self.client_of(self.bot_id)
        self.person = self._person("ada")
        self.people = self.client_of(self.person["id"])

    def _team(self, name: str) -> Dict[str, Any]:
        if name:
            return good(self.admin.get("/teams/name/" + name))
        return good(
            self.admin.post("/teams", {"name": self.run, "display_name": "Contract", "type": "I"})
        )

    def _person(self, name: str) -> Dict[str, Any]:
        username = f"{self.run}-{name}"
        account = {
            "username": username,
            "email": username + "@example.com",
            "password": "Aa1!" + secrets.token_hex(12),
            "first_name": name.title(),
        }
        user = good(self.admin.post("/users", account))
        self.made_users.append(user["id"])
        self.join_team(user["id"])
        return user

    def join_team(self, user_id: str) -> None:
        good(
            self.admin.post(
                "/teams/{}/members".format(self.team["id"]),
                {"team_id": self.team["id"], "user_id": user_id},
            )
        )

    def client_of(self, user_id: str) -> Client:
        """A client with a fresh token of this account."""
        made = good(self.admin.post(f"/users/{user_id}/tokens", {"description": self.run}))
        return Client(self.url, made["token"], self.ca_file)

    def stranger(self) -> Dict[str, Any]:
        """Somebody of the team who is in none of the channels."""
        return self._person("guest" + secrets.token_hex(3))

    def new_name(self) -> str:
        return f"{self.run}-{secrets.token_hex(4)}"

    def new_channel(self, *, private: bool = False, bot: bool = True) -> Dict[str, Any]:
        """A channel made by the administrator; with `bot` the bot is in it."""
        name = self.new_name()
        kind = "P" if private else "O"
        wanted = {"team_id": self.team["id"], "name": name, "display_name": name, "type": kind}
        channel = good(self.admin.post("/channels", wanted))
        self.made_channels.append(channel["id"])
        if bot:
            good(
                self.admin.post(
                    "/channels/{}/members".format(channel["id"]), {"user_id": self.bot_id}
                )
            )
        return channel

    def close(self) -> None:
        """Archive and disable what was made; what is archived already stays so."""
        for channel_id in self.made_channels:
            self.admin.delete("/channels/" + channel_id)
        self.admin.post(f"/bots/{self.bot_id}/disable")
        for user_id in self.made_users:
            self.admin.put(f"/users/{user_id}/active", {"active": False})


def is_new(version_id: str) -> bool:
    """By `X-Version-Id`, which begins with the version. 11.6 is the first one measured after
    5.37."""
    major, _, rest = version_id.partition(".")
    minor = rest.partition(".")[0]
    return major.isdigit() and minor.isdigit() and (int(major), int(minor)) >= (11, 6)


def good(answer: requests.Response) -> Any:
    """The body of an answer that has to be a success."""
    assert answer.status_code in (200, 201), (answer.status_code, answer.text)
    return answer.json()


def refused(
    answer: requests.Response, status: int, error_id: Optional[str] = None
) -> Mapping[str, Any]:
    """The body of an answer that has to be this refusal, in Mattermost's form."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    body = answer.json()
    assert body["status_code"] == status
    assert body["message"]
    assert body["request_id"]
    if error_id is not None:
        assert body["id"] == error_id, body
    return body
