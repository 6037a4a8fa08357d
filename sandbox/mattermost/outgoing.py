"""Calls that the server itself makes: to a slash command's, a button's, a dialog's or a webhook's
address.

As the real server's HTTP service does: a host of `AllowedUntrustedInternalConnections` is called
wherever it leads; of any other only addresses that are neither reserved nor the machine's own, or
lie in a CIDR block of that setting. It is all in the event loop, outside of the service's lock:
what is called may call back while it is being waited for.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import socket
from typing import Any, Dict, List, NamedTuple, Union

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from .server import MattermostCore

CONNECT_SECONDS = 3.0
MAX_ANSWER_BYTES = 1024 * 1024
"""Bytes of an answer that are read."""
USER_AGENT = "Mattermost-Bot/1.1"
FORBIDDEN = (
    "address forbidden, you may need to set AllowedUntrustedInternalConnections "
    "to allow an integration access to your internal network"
)
_RESERVED = [
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::/128",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
]

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]


class CallFailed(Exception):
    """No answer: refused, timed out, no address, or one that may not be called."""


class IntegrationReply(NamedTuple):
    status: int
    reason: str
    content_type: str
    body: bytes

    def first_json(self) -> Any:
        """As Go's decoder reads a stream: the first value, whatever follows. Raises ValueError."""
        return json.JSONDecoder().raw_decode(
            self.body.decode("utf-8", "replace").lstrip(" \t\r\n")
        )[0]


async def call(
    server: MattermostCore, method: str, url: str, headers: Dict[str, str], body: bytes
) -> IntegrationReply:
    """Raises CallFailed."""
    try:
        target = URL(url)
        if target.scheme not in ("http", "https") or not target.host:
            raise CallFailed("no address to call")
        addresses = await _addresses(
            target.host, target.port or 0, server.allowed_untrusted_internal_connections
        )
        limits = aiohttp.ClientTimeout(
            total=server.integration_seconds, sock_connect=CONNECT_SECONDS
        )
        connector = aiohttp.TCPConnector(resolver=_Resolved(addresses), force_close=True)
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=limits,
            trust_env=False,
            headers={"User-Agent": USER_AGENT},
        ) as session, session.request(
            method, target, headers=headers, data=body or None, allow_redirects=False
        ) as answer:
            kind = answer.headers.get("Content-Type", "")
            return IntegrationReply(
                answer.status, answer.reason or "", kind, await _beginning(answer.content)
            )
    except asyncio.TimeoutError:
        raise CallFailed("timeout awaiting the answer") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise CallFailed(str(error) or type(error).__name__) from None


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    """As much of an answer as is read of one."""
    parts: List[bytes] = []
    left = MAX_ANSWER_BYTES
    while left > 0:
        part = await content.read(left)
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


class _Resolved(AbstractResolver):
    """Gives the addresses that were looked at, so that no second look-up leads elsewhere."""

    def __init__(self, addresses: List[Any]) -> None:
        self._addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> Any:
        flags = socket.AI_NUMERICHOST
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": kind,
                "proto": 0,
                "flags": flags,
            }
            for kind, address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


async def _addresses(host: str, port: int, setting: str) -> List[Any]:
    """(family, address) pairs that may be called. Raises CallFailed and OSError."""
    words = [word for word in re.split(r"[\s,]+", setting) if word]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    pairs = [(family, str(address[0])) for family, _, _, _, address in found]
    if host in words:
        return pairs
    allowed = [(family, address) for family, address in pairs if _may_call(family, address, words)]
    if not allowed:
        raise CallFailed(FORBIDDEN)
    return allowed


def _may_call(family: int, text: str, words: List[str]) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if not any(address in block for block in _RESERVED) and not _is_own(family, text):
        return True
    return any("/" in word and _in_block(address, word) for word in words)


def _in_block(address: Address, word: str) -> bool:
    try:
        return address in ipaddress.ip_network(word, strict=False)
    except ValueError:
        return False


def _is_own(family: int, address: str) -> bool:
    """Whether this machine has the address: only such a one can be bound."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
