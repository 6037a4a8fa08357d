"""Which of the configured connections are not protected from who sits on the way. Pure; asks
nobody.

    unprotected(config)    # ["tls.verify: false: …"], empty where all is well
"""

from __future__ import annotations

import ipaddress
from typing import List
from urllib.parse import urlsplit

from pagerduty_mattermost.core.config.settings import Config

_LOCAL_ENDINGS = (".local", ".internal", ".lan", ".home.arpa", ".localhost", ".test", ".invalid")


def unprotected(config: Config) -> List[str]:
    """One line for each: what, and what to do."""
    found = []
    for where, http, secret in (
        ("tls.verify: false", config.pagerduty.http, "PagerDuty's key"),
        ("mattermost.verify_tls or tls.verify: false", config.mattermost.http, "the bot's token"),
    ):
        if http.verify is False:
            found.append(
                f"{where}: whoever sits on the way can read {secret} and change answers: set "
                "tls.ca_file to your own CA's certificates instead"
            )
    for name, url, goes in (
        ("api_url", config.pagerduty.api_url, "PagerDuty's key goes"),
        ("events_url", config.pagerduty.events_url, "integration keys go"),
        ("mattermost.url", config.mattermost.url, "the bot's token goes"),
        ("chat.public_url", config.chat.public_url, "the command's token comes"),
        ("webhook.public_url", config.webhook.public_url, "incidents come"),
    ):
        if url.lower().startswith("http://") and is_public(url):
            found.append(f"{name}: {goes} over http:// to a public address: use https://")
    return found


def is_public(url: str) -> bool:
    """Whether its host is, by its name alone, none of this machine or a private network."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(_LOCAL_ENDINGS)
