"""Posts a second and latency through the library, against a bare pooled session and the stock
driver, on one server.

The server runs in a process of its own, so that it does not share the client's interpreter.
"""

from __future__ import annotations

import time
import warnings
from typing import Any, Callable, Dict, List

from .report import Row, median, ms
from .servers import Servers

ROUNDS = 8
POSTS = 60


def run() -> List[Row]:
    with Servers() as servers:
        makers: Dict[str, Callable[[], Callable[[int], Any]]] = {
            "bare": lambda: _bare(servers),
            "library": lambda: _library(servers),
            "stock": lambda: _stock(servers),
        }
        post = {name: make() for name, make in makers.items()}
        for one in post.values():
            one(-1)
        spent: Dict[str, List[float]] = {name: [] for name in post}
        rates: Dict[str, List[float]] = {name: [] for name in post}
        for round_ in range(ROUNDS):
            for name, one in post.items():
                began = time.perf_counter()
                for number in range(POSTS):
                    start = time.perf_counter()
                    one(round_ * POSTS + number)
                    spent[name].append(time.perf_counter() - start)
                rates[name].append(POSTS / (time.perf_counter() - began))
    rate = {name: median(values) for name, values in rates.items()}
    latency = {name: median(values) for name, values in spent.items()}
    return [
        Row(
            "posts a second",
            f"{rate['library']:.0f}",
            f"bare session: {rate['bare']:.0f}",
            rate["library"] / rate["bare"],
            "≥ 0.9",
        ),
        Row(
            "posts a second",
            f"{rate['library']:.0f}",
            f"stock driver: {rate['stock']:.0f}",
            rate["library"] / rate["stock"],
        ),
        Row(
            "median latency",
            ms(latency["library"]),
            f"bare session: {ms(latency['bare'])}",
            latency["library"] / latency["bare"],
        ),
        Row(
            "median latency",
            ms(latency["library"]),
            f"stock driver: {ms(latency['stock'])}",
            latency["library"] / latency["stock"],
        ),
    ]


def _bare(servers: Servers) -> Callable[[int], Any]:
    import requests

    session = requests.Session()
    session.headers["Authorization"] = "Bearer " + servers.token
    url = servers.mattermost + "/api/v4/posts"

    def post(number: int) -> None:
        body = {"channel_id": servers.channel_id, "message": f"bare {number}"}
        session.post(url, json=body, timeout=(5, 20)).raise_for_status()

    return post


def _library(servers: Servers) -> Callable[[int], Any]:
    from pagerduty_mattermost.core.config import settings as config
    from pagerduty_mattermost.gateways.mattermost.client import Mattermost

    raw = {
        "api_key": "x" * 20,
        "mattermost": {"url": servers.mattermost, "token": servers.token, "team": "ops"},
    }
    gateway = Mattermost(config.require_mattermost(config.load(raw)))
    return lambda number: gateway.create_post(
        servers.channel_id, f"library {number}", key=f"bench{number}-{time.time()}"
    )


def _stock(servers: Servers) -> Callable[[int], Any]:
    warnings.simplefilter("ignore")
    from mattermostdriver import Driver

    host, port = servers.mattermost.rsplit("//", 1)[1].split(":")
    driver = Driver(
        {
            "scheme": "http",
            "url": host,
            "port": int(port),
            "token": servers.token,
            "basepath": "/api/v4",
        }
    )
    driver.client.token = servers.token
    return lambda number: driver.posts.create_post(
        {"channel_id": servers.channel_id, "message": f"stock {number}"}
    )
