"""JSON values in StackStorm's datastore, over a sensor's or an action's service; tells "missing"
from "unreachable".

    store = Store(self.sensor_service)          # or self.action_service
    store.read("sensor.head")                   # the value, or None when there is none
    store.read_prefix("sensor.shard.")          # {name: value}
    store.write("sensor.head", data, ttl=None)  # any JSON value
    store.delete("sensor.head")                 # True when there was one
    store.write("webhook.secret", data, encrypt=True); store.read_secret("webhook.secret")

Names are relative: `sensor.head` is the key `pagerduty.sensor.head`, system scope, `local=False`
(a local key would differ between the classes that share it). A value stands in an envelope `{"v":
1, "data": ...}`; one of an older version is read as today's (`migrations`).

Raises `StoreUnreachable` when the datastore did not answer within the deadline, `StoreForbidden`
where StackStorm's RBAC keeps it from this user, `BrokenValue` for one that this pack did not write
so, `RejectedInput` for a name or size that can't be stored.
Measured: `get_value` returns None for a missing key and for any error alike, so reading is
`list_values`, which raises; no call has a timeout, so each one runs in a thread of its own. A call
that never returned may still take effect when the datastore thaws: until it has ended, writing to
the same name is refused, so an old value can't land on a newer one.
"""

# flake8: noqa: E203

from __future__ import annotations

import hashlib
import json
import queue
import random
import re
import threading
import time
from contextlib import suppress
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from pagerduty_mattermost.core.errors import (
    PackError,
    RejectedInput,
    StoreForbidden,
    StoreUnreachable,
)
from pagerduty_mattermost.gateways.stackstorm import key_rights, migrations

PREFIX = "pagerduty."
DEADLINE_SECONDS = 15.0
"""Seconds for one call with its retries. A healthy one takes 15 to 60 ms."""
PAGE_SIZE = 100
"""StackStorm's largest page (`api.max_page_size`)."""
MAX_STEPS_BACK = 100
"""Pages of one list that are read again because keys before them went meanwhile."""
MAX_BYTES = 8 * 1024 * 1024
"""A document holds 16 MB, and 15 MB took 5 s to write."""
MAX_ABANDONED = 8
GIVE_UP_SECONDS = 600.0
"""Seconds after which a call that never returned counts as dead: it is in nobody's way any more,
and what it was to write may be written again. A connection whose other end is gone without a word
never returns."""
QUARANTINE = "quarantine."
"""With what the names of values begin that did not read (in versions before: `aside.`)."""
QUARANTINE_SECONDS = 90 * 86400.0
QUARANTINE_CHARACTERS = 1_000_000
"""Characters of such a value that are kept."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+=@-]{0,199}\Z")
_RETRY_PAUSES_SECONDS = (0.1, 0.4)


class BrokenValue(PackError):
    """A value that this pack did not write so: edited by hand, cut, or of a newer version. `raw`
    is what stands there."""

    def __init__(self, name: str, raw: str, why: str) -> None:
        super().__init__(
            f"The datastore key '{PREFIX}{name}' does not read ({why}); see it with "
            f"`st2 key get {PREFIX}{name}`"
        )
        self.name = name
        self.raw = raw
        self.why = why


class DatastoreRow(NamedTuple):
    """A key as it stands in the datastore."""

    name: str
    """Relative."""
    raw: str
    secret: bool
    """Encrypted; `raw` is the ciphertext or a mask."""
    expires_at: str
    """ISO 8601; empty when it never does, or where the datastore does not tell."""


class Store:
    """Values of this pack in the datastore behind `service` (a sensor's or an action's).

    `deadline`: seconds for one call with its retries. `monotonic` and `sleep` are for tests.
    """

    def __init__(
        self,
        service: Any,
        *,
        deadline: float = DEADLINE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._service = service
        self._deadline = deadline
        self._monotonic = monotonic
        self._sleep = sleep
        self._sees_all = False
        self._abandoned: List[Tuple[threading.Thread, float]] = []
        self._stuck_writes: Dict[str, Tuple[threading.Thread, float]] = {}

    def read(self, name: str) -> Any:
        """The value of `name`, None when there is none. Raises StoreUnreachable or BrokenValue."""
        key = _key(name)
        for found, raw in self._list(key):
            if found == key:
                return opened(name, raw)
        return None

    def read_secret(self, name: str) -> Any:
        """The same for a value that was written with `encrypt`."""
        key = _key(name)
        if not any(found == key for found, _ in self._list(key)):
            return None
        doing = f"decrypting '{key}'"
        raw = self._call(doing, lambda: self._service.get_value(key, local=False, decrypt=True))
        if raw is None:  # what it answers to any trouble
            raise StoreUnreachable(
                f"StackStorm's datastore failed while {doing}; its log says why"
            )
        return opened(name, raw)

    def read_prefix(
        self, prefix: str, on_broken: Optional[Callable[[BrokenValue], None]] = None
    ) -> Dict[str, Any]:
        """All values whose relative name begins with `prefix`. Raises StoreUnreachable.

        A value that does not read goes to `on_broken` and is left out; without `on_broken` it
        raises BrokenValue.
        """
        key = _key(prefix)
        values: Dict[str, Any] = {}
        for found, raw in self._list(key):
            name = found[len(PREFIX) :]
            try:
                values[name] = opened(name, raw)
            except BrokenValue as error:
                if on_broken is None:
                    raise
                on_broken(error)
        return values

    def rows(self) -> List[DatastoreRow]:
        """All keys of the pack, whether they read or not. Raises StoreUnreachable."""
        return [
            DatastoreRow(
                str(item.name)[len(PREFIX) :],
                str(item.value),
                bool(getattr(item, "secret", False) or getattr(item, "encrypted", False)),
                str(getattr(item, "expire_timestamp", None) or ""),
            )
            for item in self._items(PREFIX)
        ]

    def hidden(self) -> str:
        """Why StackStorm shows this user not all keys (RBAC); empty where it does, and then it is
        not asked again. Raises StoreUnreachable."""
        why = ""
        if not self._sees_all:
            why = self._call("asking who this is", lambda: key_rights.hidden(self._service))
        self._sees_all = not why
        return why

    def has_any(self, prefix: str) -> bool:
        """Whether a key begins with `prefix`; one request. Raises StoreUnreachable."""
        key = _key(prefix)
        return any(str(item.name).startswith(key) for item in self._page(key, 0, 1))

    def holds(self, prefix: str, count: int) -> bool:
        """Whether at least `count` (2 or more) keys begin with `prefix`; two requests, however
        many there are."""
        key = _key(prefix)
        last = self._page(key, count - 1, 1)
        if not last:
            return False
        first = self._page(key, 0, 1)
        return (
            len(first) >= count if first[:1] == last[:1] else True
        )  # the mock of st2tests ignores the offset

    def write(
        self, name: str, value: Any, ttl: Optional[float] = None, *, encrypt: bool = False
    ) -> None:
        """Stores a JSON value, for `ttl` seconds when given (pass it on every write: the last one
        counts). `encrypt` fails where StackStorm has no crypto key.

        Raises StoreUnreachable (with `maybe_done` when no answer came) or RejectedInput (too
        large).
        """
        key = _key(name)
        raw = sealed(name, value)
        seconds = None if ttl is None else max(1, int(ttl))
        more = {"encrypt": True} if encrypt else {}
        self._call(
            f"writing '{key}'",
            lambda: self._service.set_value(key, raw, ttl=seconds, local=False, **more),
            writes=key,
        )

    def delete(self, name: str) -> bool:
        """Removes `name`; False when it was not there (StackStorm answers the same when it
        failed)."""
        key = _key(name)
        done = self._call(
            f"deleting '{key}'", lambda: self._service.delete_value(key, local=False), writes=key
        )
        return bool(done)

    def remember(self, name: str, value: Any, ttl: float) -> None:
        """Writes what nothing depends on, for `ttl` seconds: an answer that saves a request, or a
        copy of what did not read. A store made for reading leaves it out, and so does one of a
        user who may not write. Raises as `write`."""
        with suppress(StoreForbidden):
            self.write(name, value, ttl)

    def quarantine(self, name: str, raw: str, why: str) -> str:
        """Keeps a value that does not read as it stood, before anything is written in its place;
        the relative name under which it stands now. Each name and content has a key of its own,
        so that a second broken value never overwrites the first. Raises as `write`: then nothing
        may be written over it."""
        digest = hashlib.sha256(raw.encode("utf-8", "replace")).hexdigest()[:8]
        kept = f"{QUARANTINE}{name[:150]}.{digest}"
        self.remember(kept, {"raw": raw[:QUARANTINE_CHARACTERS], "why": why}, QUARANTINE_SECONDS)
        return kept

    def forget(self, name: str) -> None:
        """Removes what was remembered. Raises as `delete`."""
        self.delete(name)

    def _list(self, prefix: str) -> Iterator[Tuple[str, str]]:
        """(full name, raw value) of all keys that begin with `prefix`."""
        return ((str(item.name), item.value) for item in self._items(prefix))

    def _items(self, prefix: str) -> Iterator[Any]:
        """All keys that begin with `prefix`, however many, page by page.

        StackStorm's list knows no cursor, only an offset, and keys come and go meanwhile: each
        page begins with the last name of the one before. Where it does not, keys before it went,
        and the list goes back until it meets a name it knows, so that none is skipped. The mock
        of st2tests ignores limit and offset: the first page once more is the end. Raises
        StoreUnreachable where keys go faster than they are listed.
        """
        seen: Set[str] = set()
        first: List[str] = []
        offset, back = 0, 0
        while True:
            items = self._page(prefix, offset, PAGE_SIZE)
            names = [str(item.name) for item in items]
            first = first or names
            if offset and (not names or names[0] not in seen):
                back += 1
                if back > MAX_STEPS_BACK:
                    raise StoreUnreachable(
                        f"StackStorm's datastore: the keys '{prefix}…' go faster than they can "
                        "be listed"
                    )
                offset = max(0, offset - PAGE_SIZE)
                continue
            for name, item in zip(names, items):
                if name not in seen and name.startswith(prefix):
                    yield item
            seen.update(names)
            if len(items) < PAGE_SIZE or (offset and names == first):
                return
            offset += len(items) - 1

    def _page(self, prefix: str, offset: int, limit: int) -> List[Any]:
        found = self._call(
            f"reading '{prefix}'",
            lambda: self._service.list_values(
                local=False, prefix=prefix, limit=limit, offset=offset
            ),
        )
        why = "" if found else self.hidden()
        if why:
            raise StoreForbidden(f"reading '{prefix}': {why}")
        return list(found or ())

    def _call(self, doing: str, call: Callable[[], Any], writes: str = "") -> Any:
        """Runs `call` in a thread within the deadline; a few quick retries of what failed."""
        until = self._monotonic() + self._deadline
        error = ""
        for pause in (*_RETRY_PAUSES_SECONDS, None):
            self._refuse_when_stuck(doing, writes)
            left = until - self._monotonic()
            if left <= 0:
                break
            ok, value = self._in_thread(doing, call, left, writes)
            if ok:
                return value
            if key_rights.is_refusal(value):
                raise StoreForbidden(f"{doing}: {key_rights.REFUSED}")
            error = f"{type(value).__name__}: {_first_line(value)}"
            if pause is not None:
                self._sleep(
                    min(pause * (0.5 + random.random()), max(0.0, until - self._monotonic()))
                )
        raise StoreUnreachable(
            f"StackStorm's datastore failed while {doing}: {error}", maybe_done=bool(writes)
        )

    def _in_thread(
        self, doing: str, call: Callable[[], Any], left: float, writes: str
    ) -> Tuple[bool, Any]:
        answers: queue.Queue[Tuple[bool, Any]] = queue.Queue()

        def work() -> None:
            try:
                answers.put((True, call()))
            except BaseException as error:  # noqa: BLE001 - whatever it was, the caller decides
                answers.put((False, error))

        # Names looked up in the modules at call time: a sensor's process is monkey-patched by
        # eventlet.
        thread = threading.Thread(target=work, name="pagerduty-store", daemon=True)
        thread.start()
        try:
            return answers.get(timeout=left)
        except queue.Empty:
            self._abandoned.append((thread, self._monotonic()))
            if writes:
                self._stuck_writes[writes] = (thread, self._monotonic())
            raise StoreUnreachable(
                f"StackStorm's datastore did not answer within {self._deadline:g} s while {doing}",
                maybe_done=bool(writes),
            ) from None

    def _refuse_when_stuck(self, doing: str, writes: str) -> None:
        now = self._monotonic()
        self._abandoned = [
            one for one in self._abandoned if one[0].is_alive() and now - one[1] <= GIVE_UP_SECONDS
        ]
        stuck = self._stuck_writes.get(writes)
        if stuck and (not stuck[0].is_alive() or now - stuck[1] > GIVE_UP_SECONDS):
            del self._stuck_writes[writes]
            stuck = None
        if stuck or len(self._abandoned) >= MAX_ABANDONED:
            raise StoreUnreachable(
                f"StackStorm's datastore has not answered earlier calls yet; not {doing} "
                "until it has",
                retry_after=1.0,
            )


def _key(name: str) -> str:
    if not isinstance(name, str) or not _NAME.match(name):
        raise RejectedInput(
            f"No name for a datastore key: {name!r:.100} (letters, digits and . _ : + = @ - only)"
        )
    return PREFIX + name


def sealed(name: str, value: Any) -> str:
    """The value in its envelope. Raises RejectedInput for a name or size that can't be stored."""
    key = _key(name)
    envelope = {"v": migrations.version(name), "data": value}
    raw = json.dumps(envelope, separators=(",", ":"), sort_keys=True, allow_nan=False)
    if len(raw) > MAX_BYTES:
        raise RejectedInput(
            f"The value for the datastore key '{key}' is too large: {len(raw)} of "
            f"{MAX_BYTES} bytes"
        )
    return raw


def opened(name: str, raw: Any) -> Any:
    """The value in an envelope, as this version of the pack has it. Raises BrokenValue."""
    try:
        envelope = json.loads(raw)
    except (TypeError, ValueError, RecursionError) as error:
        raise BrokenValue(name, str(raw), f"no JSON, {type(error).__name__}") from None
    if not isinstance(envelope, dict) or "data" not in envelope:
        raise BrokenValue(name, str(raw), "not a value of this pack")
    wanted, found = migrations.version(name), envelope.get("v")
    if found == wanted:
        return envelope["data"]
    if not isinstance(found, int) or isinstance(found, bool) or not 1 <= found < wanted:
        raise BrokenValue(name, str(raw), f"version {found!r:.20} instead of {wanted}")
    try:
        return migrations.migrate(name, envelope["data"], found)
    except (TypeError, ValueError, KeyError, AttributeError):
        raise BrokenValue(name, str(raw), f"no value of version {found}") from None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:200]
