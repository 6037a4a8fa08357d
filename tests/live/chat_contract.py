"""What tests of the contract's chat do on a Mattermost: commands, clicks, and what the person
sees; the pack's own endpoint is set up for them."""

# flake8: noqa: E203

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Tuple
from urllib.parse import urlsplit

from chat_pack import KEY, Pack
from mattermost_eyes import Eyes, SandboxEyes, SocketEyes
from mattermost_site import Client, Site

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.incidents.incident import Incident
from sandbox.waiting import until

OPEN = Incident("PT4KHLK", number=1, title="Down", status="triggered")


def callback(site: Site) -> Tuple[str, str]:
    """How the server reaches the tests, and where they listen for it (`address:port`), as the
    environment says; both empty where it says nothing, and for a sandbox."""
    if site.account is not None:
        return "", ""
    url, bind = (os.environ.get(f"MATTERMOST_CALLBACK_{name}", "") for name in ("URL", "BIND"))
    if url and not bind:
        bind = f"127.0.0.1:{urlsplit(url).port or 8090}"
    return url, bind


@contextmanager
def pack_at(site: Site) -> Iterator[Pack]:
    """Set up, and taken away at the end."""
    made = Pack(site, *callback(site))
    made.steps = made.setup()
    yield made
    made.close()


@contextmanager
def eyes_at(site: Site) -> Iterator[Eyes]:
    """Of the person."""
    if site.account is not None:
        yield SandboxEyes(site.account, site.person["id"])
        return
    token = str(site.people.session.headers["Authorization"])[len("Bearer ") :]
    opened = SocketEyes(site.url, token, site.ca_file)
    yield opened
    opened.close()


def json_of(body: bytes) -> Any:
    return json.loads(body)


def execute(pack: Pack, text: str, client: Client) -> Any:
    body = {"channel_id": pack.channel["id"], "team_id": pack.site.team["id"], "command": text}
    return client.post("/commands/execute", body)


def card(pack: Pack, *actions: Dict[str, Any]) -> str:
    """A post of the bot with these buttons, else those of an open incident's card."""
    made = list(actions or buttons.actions(OPEN, pack.url, KEY, pack.now))
    post = pack.gateway().create_post(
        pack.channel["id"], "card", props={"attachments": [{"actions": made}]}
    )
    return str(post["id"])


def click(pack: Pack, post_id: str, action: str, **more: str) -> Any:
    return pack.site.people.post(f"/posts/{post_id}/actions/{action}", more or None)


def seen_since(eyes: Eyes, count: int, word: str) -> Dict[str, Any]:
    return until(
        lambda: next((one for one in eyes.ephemerals()[count:] if word in one["message"]), None)
    )
