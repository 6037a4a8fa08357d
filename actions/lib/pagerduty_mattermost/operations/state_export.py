"""All that the pack remembers as one JSON document, also in a file, and back. Pure but for the
file.

    made = document(rows, now)            # {"format": "pagerduty.state", "version": 1,
                                          #  "keys": {...}, "left_out": {...}, ...}
    plan(made, present, now)              # what an import would write; raises RejectedInput when
                                          # anything is wrong
    write_file(path, made); read_file(path)

Secrets are left out, as is what does not read; both are named in `left_out`. Each key keeps its
version and its end.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.stackstorm import migrations
from pagerduty_mattermost.gateways.stackstorm.datastore import (
    BrokenValue,
    DatastoreRow,
    opened,
    sealed,
)
from pagerduty_mattermost.incidents.state_store import is_head
from pagerduty_mattermost.operations.state_kinds import kind_of
from pagerduty_mattermost.operations.state_values import problem

FORMAT, VERSION = "pagerduty.state", 1
BY_KIND = "a secret"
"""Why a key of a secret kind is left out."""
SHOWN_PROBLEMS = 5
"""Of one document, in an error."""


class KeyWrite(NamedTuple):
    """One key that an import writes."""

    name: str
    data: Any
    ttl: Optional[float]


class ImportPlan(NamedTuple):
    """What an import does with each key of the document."""

    writes: Tuple[KeyWrite, ...]
    """In their order: what others point at comes first, the sensor's head last."""
    same: Tuple[str, ...]
    """Stand there already."""
    kept: Tuple[str, ...]
    """Stand there otherwise, and are left as they are."""
    expired: Tuple[str, ...]


def document(
    rows: Iterable[DatastoreRow], now: float, kinds: Sequence[str] = (), *, hidden: str = ""
) -> Dict[str, Any]:
    """`kinds`: only these; none: all. `hidden`: why `rows` may not be all (`Store.hidden`)."""
    keys: Dict[str, Any] = {}
    left_out: Dict[str, str] = {}
    for row in rows:
        kind = kind_of(row.name)
        if kinds and kind.name not in kinds:
            continue
        if row.secret or kind.secret:
            left_out[row.name] = BY_KIND
            continue
        try:
            data = opened(row.name, row.raw)
        except BrokenValue as error:
            left_out[row.name] = f"does not read: {error.why}"
            continue
        keys[row.name] = {
            "v": migrations.version(row.name),
            "data": _without_answers(data),
            "expires_at": row.expires_at,
        }
    return {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": times.iso(now),
        "incomplete": hidden,
        "keys": keys,
        "left_out": left_out,
    }


def _without_answers(data: Any) -> Any:
    """Without the paths (`hook`) of Mattermost's response_urls, at any depth: whoever has one
    posts in the name of who gave the command. Where it is gone, answers come as messages of the
    bot's."""
    if isinstance(data, dict):
        return {name: "" if name == "hook" else _without_answers(v) for name, v in data.items()}
    return [_without_answers(item) for item in data] if isinstance(data, list) else data


def plan(
    given: Any, present: Iterable[DatastoreRow], now: float, *, replace: bool = False
) -> ImportPlan:
    """What an import writes. `replace`: also over what stands there otherwise. Raises
    RejectedInput, in one line, for another format or version, and for each key (the first five)
    whose data is not what such a key holds."""
    keys = _keys(given)
    standing = {row.name: row.raw for row in present}
    writes: List[KeyWrite] = []
    same: List[str] = []
    kept: List[str] = []
    expired: List[str] = []
    wrong: List[str] = []
    for name, entry in keys.items():
        try:
            data, ttl = _entry(name, entry, now)
        except RejectedInput as error:
            wrong.append(f"{one_line(clean(name, 100))}: {error}")
            continue
        if ttl is not None and ttl <= 0:
            expired.append(name)
        elif name not in standing:
            writes.append(KeyWrite(name, data, ttl))
        elif _holds(name, standing[name], data):
            same.append(name)
        elif replace:
            writes.append(KeyWrite(name, data, ttl))
        else:
            kept.append(name)
    if wrong:
        more = f" (and {len(wrong) - SHOWN_PROBLEMS} more)" if len(wrong) > SHOWN_PROBLEMS else ""
        raise RejectedInput(f"Nothing is imported: {'; '.join(wrong[:SHOWN_PROBLEMS])}{more}")
    writes.sort(key=lambda write: (is_head(write.name), write.name))
    return ImportPlan(tuple(writes), tuple(same), tuple(kept), tuple(expired))


def export_message(made: Mapping[str, Any]) -> str:
    """What was exported and what was left out, for people."""
    left_out = made["left_out"]
    secrets = [name for name, why in left_out.items() if why == BY_KIND]
    parts = [f"{len(made['keys'])} keys exported"]
    parts += [f"left out as secrets: {', '.join(secrets)}"] if secrets else []
    unread = len(left_out) - len(secrets)
    parts += [f"left out because they do not read: {unread}"] if unread else []
    if made["incomplete"]:
        parts.append(
            f"keys may be missing: {made['incomplete']}; export as a user with the role admin"
        )
    return f"{'; '.join(parts)}."


def import_result(found: ImportPlan, *, dry_run: bool) -> Dict[str, Any]:
    """What `state.import` returns."""
    done = "would be written" if dry_run else "written"
    message = f"{len(found.writes)} keys {done}, {len(found.same)} are there already"
    if found.kept:
        message += (
            f", {len(found.kept)} hold something else and are left alone "
            "(replace=true writes over them)"
        )
    if found.expired:
        message += f", {len(found.expired)} have expired"
    return {
        "written": [one.name for one in found.writes],
        "same": len(found.same),
        "kept": list(found.kept),
        "expired": len(found.expired),
        "dry_run": dry_run,
        "message": f"{message}.",
    }


def write_file(path: str, document: Any) -> None:
    """A new file that only its owner reads; there is either all of it or none. Raises
    RejectedInput."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise RejectedInput(f"The file {path!r} can't be made: {error.strerror}") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(document, out, indent=1, sort_keys=True)
            out.write("\n")
            out.flush()
            os.fsync(out.fileno())
    except (OSError, ValueError) as error:
        os.unlink(path)
        raise RejectedInput(f"The file {path!r} can't be written: {error}") from None


def read_file(path: str) -> Any:
    """The document in a file of `write_file`. Raises RejectedInput."""
    try:
        with open(path, encoding="utf-8") as source:
            return json.load(source)
    except OSError as error:
        raise RejectedInput(f"The file {path!r} can't be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise RejectedInput(f"The file {path!r} holds no JSON") from None


def _keys(given: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping) or given.get("format") != FORMAT:
        raise RejectedInput(f"This is no document of state.export: its format is not {FORMAT}")
    if given.get("version") != VERSION or isinstance(given["version"], bool):
        raise RejectedInput(
            f"The document has version {given.get('version')!r:.20}, this version of the "
            f"pack reads {VERSION}: import it with the version that exported it"
        )
    keys = given.get("keys")
    if not isinstance(keys, Mapping):
        raise RejectedInput("The document has no keys")
    return keys


def _entry(name: str, entry: Any, now: float) -> Tuple[Any, Optional[float]]:
    """Data as today's version has it, and how long it lives from now on."""
    if not isinstance(entry, Mapping):
        raise RejectedInput("no entry with v and data")
    try:
        data = opened(name, json.dumps({key: entry[key] for key in ("v", "data") if key in entry}))
    except BrokenValue as error:
        raise RejectedInput(error.why) from None
    wrong = problem(name, data)
    if wrong:
        raise RejectedInput(wrong)
    try:
        sealed(name, data)
    except ValueError:
        raise RejectedInput("a number that JSON does not have") from None
    end = entry.get("expires_at")
    if not end:
        return data, kind_of(name).kept_seconds
    at = times.seconds(str(end))
    if at is None:
        raise RejectedInput("expires_at is no ISO 8601 time")
    return data, at - now


def _holds(name: str, raw: str, data: Any) -> bool:
    try:
        return bool(opened(name, raw) == data)
    except BrokenValue:
        return False
