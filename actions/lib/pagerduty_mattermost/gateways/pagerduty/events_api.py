"""The gateway to PagerDuty's Events API. The integration key in the body is the only
authorization.

    events = Events(config.pagerduty)
    events.send_v1({"service_key": key, "event_type": "trigger", "description": "Disk full"})

Every event goes out with a key of its own (`incident_key`), made here when none is given: a repeat
then adds to the same incident, so a lost answer is simply sent again (a change event has none:
sent once). The REST key never goes to this side.
"""

from __future__ import annotations

import random as _random
import time
import uuid
from contextlib import suppress
from typing import Any, Callable, Dict, Mapping, Optional

from pagerduty_mattermost.core.config.connections import PagerDutyConfig
from pagerduty_mattermost.core.errors import PermanentError, RejectedInput, RetryLater
from pagerduty_mattermost.gateways.http.answer_headers import asked_wait
from pagerduty_mattermost.gateways.http.client import (
    Log,
    RetryPolicy,
    decode,
    network_error,
    prepare,
    retry,
)
from pagerduty_mattermost.gateways.http.narrowed_tries import NarrowedTries
from pagerduty_mattermost.gateways.pagerduty.write_once import not_known

V2, CHANGE = "/v2/enqueue", "/v2/change/enqueue"
V1 = "/generic/2010-04-15/create_event.json"
INCIDENT_KEY = "incident_key"
"""By which an event of v1, and what comes of it, is known again."""
MAX_BYTES = 512 * 1024
"""PagerDuty takes no larger event (Events API: Size limits)."""


NO_EVENT = {
    "routing_key": "0" * 32,
    "event_action": "acknowledge",
    "dedup_key": "does PagerDuty answer",
}


class Events(NarrowedTries):
    """One session. Not for several threads at once. `clock`, `monotonic`, `sleep` and `random` are
    for tests."""

    def __init__(
        self,
        config: PagerDutyConfig,
        *,
        log: Optional[Log] = None,
        policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - immutable
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = _random.random,
    ) -> None:
        import requests

        self._url = config.events_url
        self._policy = policy
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._random = random
        self._session = requests.Session()
        prepare(
            self._session,
            config.http,
            config.events_url,
            side="PagerDuty events",
            log=log,
            monotonic=monotonic,
        )
        self.before_write: Optional[Callable[[str, str, Any, str], None]] = None
        """Called with method, path, the event's key alone (its body holds the integration key) and
        "" before an event is sent; may raise instead."""

    def send_v1(self, event: Mapping[str, Any]) -> Dict[str, Any]:
        """Events API v1; PagerDuty's own answer: {status, message, incident_key}. Raises
        RejectedInput (400: also for an unknown integration key), RetryLater (403 and 429: too
        many; 5xx, network), PermanentError."""
        body = {**event, INCIDENT_KEY: event.get(INCIDENT_KEY) or uuid.uuid4().hex}
        return self._send(V1, body, limited=(403, 429))

    def send_v2(self, event: Mapping[str, Any]) -> Dict[str, Any]:
        """Events API v2, of an `alert`; {status, message, dedup_key}. Raises as `send_v1` (429:
        too many).

        A lost answer is sent again: its dedup key adds it to the same alert."""
        return {"dedup_key": event["dedup_key"], **self._send(V2, event, limited=(429,))}

    def ping(self) -> None:
        """Whether events are taken at all: an acknowledgement of nothing, by a key that there is
        not, is refused and changes nothing. Raises RetryLater while they are not taken, and
        PermanentError."""
        with suppress(RejectedInput):
            self._send(V2, NO_EVENT, limited=(429,))

    def send_change(self, event: Mapping[str, Any]) -> Dict[str, Any]:
        """A change event: {status, message}. It has no key, so it is sent once, and when its
        answer is lost, NotKnown is raised."""
        try:
            return self._send(CHANGE, event, limited=(429,), repeatable=False)
        except RetryLater as error:
            if not error.maybe_done:
                raise
            raise not_known(error) from None

    def _send(
        self, path: str, body: Mapping[str, Any], limited: Any, repeatable: bool = True
    ) -> Dict[str, Any]:
        import json

        try:
            data = json.dumps(body, allow_nan=False).encode("utf-8")
            if len(data) > MAX_BYTES:
                data = json.dumps(fitting(body)).encode("utf-8")
        except ValueError:
            raise RejectedInput(
                "NaN and Infinity are no JSON: PagerDuty would refuse the event"
            ) from None
        if len(data) > MAX_BYTES:
            raise RejectedInput(
                f"the event is {len(data)} bytes long; PagerDuty takes at most {MAX_BYTES}"
            )
        if self.before_write is not None:
            keys = {name: body[name] for name in (INCIDENT_KEY, "dedup_key") if body.get(name)}
            self.before_write("POST", path, keys, "")
        what = f"PagerDuty events POST {path}"
        return retry(
            lambda: self._once(path, data, what, limited),
            self._policy,
            repeatable=repeatable,
            sleep=self._sleep,
            monotonic=self._monotonic,
            random=self._random,
        )

    def _once(self, path: str, data: bytes, what: str, limited: Any) -> Dict[str, Any]:
        import requests
        from urllib3.exceptions import HTTPError

        try:
            response = self._session.post(
                self._url + path, data=data, headers={"Content-Type": "application/json"}
            )
        except (requests.RequestException, HTTPError, OSError) as error:
            raise network_error(error, what) from None
        status = response.status_code
        answer = decode(response)
        if status in limited or status >= 500:
            wait = asked_wait(response.headers, limited=status in limited, now=self._clock)
            why = "too many events" if status in limited else "PagerDuty has trouble"
            limits = "takes no more events for the moment"
            raise RetryLater(
                f"{what}: {why} ({status})",
                status=status,
                retry_after=wait,
                maybe_done=status >= 500,
            ).of_service(what, f"{'has trouble' if status >= 500 else limits} ({status})")
        if status >= 300:
            kind = RejectedInput if status < 500 and status in (400, 413, 422) else PermanentError
            raise kind(
                f"{what}: PagerDuty refuses ({status}){_said(response, answer)}: check the "
                "integration key",
                status=status,
            )
        if not isinstance(answer, dict):
            raise RetryLater(
                f"{what}: the answer is no JSON object (a proxy in between?)", maybe_done=True
            )
        return answer

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()


def fitting(event: Mapping[str, Any]) -> Dict[str, Any]:
    """An event that is too large without its pictures and links, and with the beginning of its
    details: a page that is refused reaches nobody. Pure."""
    import json

    made = {name: value for name, value in event.items() if name not in _DROPPED}
    holder, name = made, "details"
    if "payload" in made:
        holder, name = {**made["payload"]}, "custom_details"
        made["payload"] = holder
    whole = json.dumps(holder.get(name) or {}, ensure_ascii=False)
    holder[name] = {}
    room = (MAX_BYTES - len(json.dumps(made))) // 2
    while room > 0:
        note = f"The first {room} of {len(whole)} characters: PagerDuty takes no more"
        holder[name] = {"cut": note, "details": whole[:room]}
        if len(json.dumps(made)) <= MAX_BYTES:
            break
        room //= 2
    return made


_DROPPED = ("images", "links", "contexts")
"""What goes first when an event is too large."""
_PAYLOAD = (
    "summary",
    "source",
    "severity",
    "timestamp",
    "component",
    "group",
    "class",
    "custom_details",
)
_BESIDE = ("client", "client_url", "links", "images")


def alert(event_action: str, routing_key: str, given: Mapping[str, Any]) -> Dict[str, Any]:
    """The body of an event of v2; a trigger without a dedup key gets one. Pure but for that."""
    event: Dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": event_action,
        "dedup_key": given.get("dedup_key") or uuid.uuid4().hex,
    }
    return event if event_action != "trigger" else {**event, **_told(given)}


def change(routing_key: str, given: Mapping[str, Any]) -> Dict[str, Any]:
    """The body of a change event."""
    return {"routing_key": routing_key, **_told(given)}


def _told(given: Mapping[str, Any]) -> Dict[str, Any]:
    beside = {name: given[name] for name in _BESIDE if name in given}
    return {"payload": {name: given[name] for name in _PAYLOAD if name in given}, **beside}


def choose_key(config: PagerDutyConfig, given: Mapping[str, Any]) -> str:
    """The routing key typed, the configured one of that name, or the only one there is. Raises
    RejectedInput."""
    typed, name = (
        str(given.get(one) or "").strip() for one in ("routing_key", "routing_key_name")
    )
    if typed and name:
        raise RejectedInput("routing_key: is one key too many beside routing_key_name")
    if typed:
        return typed
    if name:
        for known, key in config.routing_keys.items():
            if known.casefold() == name.casefold():
                return key.reveal()
        names = ", ".join(sorted(config.routing_keys)) or "none"
        raise RejectedInput(
            f"routing_key_name: the configuration has no routing key {name!r}; there are {names}"
        )
    if config.routing_key:
        return config.routing_key.reveal()
    if len(config.routing_keys) == 1:
        return next(iter(config.routing_keys.values())).reveal()
    names = (
        f" (routing_key_name: {', '.join(sorted(config.routing_keys))})"
        if config.routing_keys
        else ""
    )
    raise RejectedInput(
        "routing_key: is missing; expected the integration key of a service, here or in "
        f"the configuration{names}"
    )


def _said(response: Any, answer: Any) -> str:
    """PagerDuty's own words as ": message: error; error"."""
    if not isinstance(answer, dict):
        return ""
    from pagerduty_mattermost.gateways.http.redaction import redacted

    errors = answer.get("errors")
    words = [
        str(answer.get("message") or ""),
        "; ".join(map(str, errors)) if isinstance(errors, list) else "",
    ]
    said = redacted(response, ": ".join(word for word in words if word), 600)
    return ": " + said if said else ""
