"""Where a request was sent, for an error that people read: host and port, and the proxy's. Never
a path, a query or a login."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Iterable, Mapping
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


def reached(url: str, proxies: Mapping[str, str]) -> str:
    """Host and port of the server, and of the proxy on the way to it; empty for what is no
    URL."""
    import requests

    server = host_and_port(url)
    proxy = host_and_port(requests.utils.select_proxy(url, dict(proxies)) or "")
    return f"{server} through the proxy {proxy}" if server and proxy else server


def host_and_port(url: str) -> str:
    """`host:port` of an address; empty where it does not read."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return ""
    if not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{port}" if port else host


def speaks_no_tls(chain: Iterable[BaseException]) -> bool:
    """Whether TLS was begun with a server that answers in the clear."""
    import ssl

    return any(
        isinstance(one, ssl.SSLError)
        and any(word in str(one).upper() for word in ("WRONG_VERSION_NUMBER", "RECORD_LAYER"))
        for one in chain
    )
