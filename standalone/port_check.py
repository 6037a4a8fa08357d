"""What `check` says of the ports that the sensors listen on: free, listened on by the `serve` of
this data folder, or taken by another one or by something else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Iterator, Mapping, NamedTuple, Optional

from standalone import data_folder
from standalone.checks import OUR_PACK, CheckFinding
from standalone.pack_model import Pack
from standalone.paths import shown

ANSWER_SECONDS, MAX_ANSWER_BYTES = 3.0, 10_000
"""Within which, and in how much, a sensor says that it is one."""
RUNNING = "`serve` runs with this data folder now"
END_IT = "choose another port, or end what uses it"


class Listening(NamedTuple):
    """A sensor of this pack's that answers on a port."""

    place: str
    """Which `serve` it belongs to; empty where it does not say."""


def check(config: Mapping[str, Any], pack: Pack, data_dir: Path) -> Iterator[CheckFinding]:
    """Whether the sensors can listen where the configuration says."""
    from pagerduty_mattermost.core.config import settings
    from pagerduty_mattermost.core.errors import PackError

    if pack.ref != OUR_PACK:
        return
    try:
        read = settings.load(config)
    except PackError:
        return
    is_served = data_folder.is_served(data_dir)
    own = data_folder.place_of(data_dir)
    for name, section in (("chat", read.chat), ("webhook", read.webhook)):
        if section.port:
            sender = "Mattermost" if name == "chat" else "PagerDuty"
            where = f"{section.bind}:{section.port}"
            problem = _taken(section.bind, section.port)
            found = _listening(section.bind, section.port, sender) if problem else None
            yield _finding(f"{name}.port: {where}", problem, found, own if is_served else None)


def _finding(
    where: str, problem: str, found: Optional[Listening], own: Optional[str]
) -> CheckFinding:
    """`problem`: why nobody can listen there; `own`: the place of this data folder while it is
    served, else None."""
    if not problem:
        if own is None:
            return CheckFinding(True, f"{where} is free")
        line = (
            f"{RUNNING} and does not listen on {where.partition(': ')[2]}: it began with other "
            "settings; start it anew"
        )
        return CheckFinding(True, f"{where.partition(': ')[0]}: {line}", advised=True)
    if found is not None and found.place and found.place != own:
        folder = data_folder.served_at(found.place)
        which = f" (data folder {shown(folder)})" if folder else ""
        return CheckFinding(
            False, f"{where} is taken by another `serve`{which}: choose another port, or end that"
        )
    if own is None:
        what = " by a sensor of this pack" if found is not None else ""
        return CheckFinding(False, f"{where} can't be listened on ({problem}{what}): {END_IT}")
    if found is None:
        return CheckFinding(
            False,
            f"{where} is taken by something else than `serve`, which runs with this data folder "
            f"now and can't listen there: {END_IT}",
        )
    return CheckFinding(True, f"{where} is listened on: {RUNNING}")


def _listening(host: str, port: int, sender: str) -> Optional[Listening]:
    """The sensor that listens there for the `sender`; None where something else does."""
    from http.client import HTTPConnection, HTTPException

    from pagerduty_mattermost.gateways.http.listener import nothing_here

    local = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    asked = HTTPConnection(local, port, timeout=ANSWER_SECONDS)
    try:
        asked.request("GET", "/")
        answer = asked.getresponse().read(MAX_ANSWER_BYTES).decode("utf-8", "replace")
    except (OSError, HTTPException):
        return None
    finally:
        asked.close()
    _, is_one, behind = answer.partition(nothing_here(sender))
    place = re.match(r" \(([0-9a-f]{1,64})\)", behind)
    return Listening(place.group(1) if place else "") if is_one else None


def _taken(host: str, port: int) -> str:
    import os
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    return ""
