"""Calls to an address of our own: the listener that the health check and the canary try."""

from __future__ import annotations

import requests

from pagerduty_mattermost.core.config.connections import Http, Timeouts
from pagerduty_mattermost.gateways.http.client import BoundedAdapter


def direct_session(connect: float, whole: float, side: str) -> requests.Session:
    """A session without proxy and token, bounded as all are. Seconds."""
    session = requests.Session()
    http = Http(timeouts=Timeouts(connect, whole, whole))
    adapter = BoundedAdapter(http, proxies={}, verify=True, side=side)
    session.trust_env = False
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
