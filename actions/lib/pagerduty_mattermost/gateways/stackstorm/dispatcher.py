"""Dispatches triggers so that nothing gets lost without a word (facts/stackstorm.md, "Dispatch can
lose events").

    dispatcher = Dispatcher(sensor_service, schemas, log)
    dispatcher.dispatch("pagerduty.incident", payload(change), trace_tag=incident_id,
    ids=event_ids)

It counts when `dispatch` returned. Each call: the payload is checked against the trigger's own
schema first (a payload that does not fit would be dropped silently); then the strict dispatch,
where the service has one, in a thread of its own with a deadline; after any failure the dispatcher
is replaced by a new one, since one that failed once may fail for ever. A call that outlives its
deadline may still succeed: then `was_dispatched` knows, and nothing is sent again.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from typing import Any, Callable, Dict, Iterable, List, Mapping, Tuple

from pagerduty_mattermost.core.errors import PermanentError, RetryLater
from pagerduty_mattermost.core.text import clean, cut, one_line
from pagerduty_mattermost.incidents.incident import Change, to_payload

DEADLINE = 45.0
"""Seconds. RabbitMQ that was restarted takes 10 s for the first call, one that refuses 24 s to say
so."""
MAX_HANGING = 3
"""Calls that have not returned, after which no more are begun until one has, or counts as dead."""
GIVE_UP_AFTER = 600.0
"""Seconds after which such a call counts as dead: a connection whose other end is gone without a
word never returns."""
MAX_PAYLOAD = 4096
"""Bytes of a payload, wherever that can be had: StackStorm stores each one several times."""
MEMORY = 20000
"""Ids of dispatched events that are remembered."""


class DispatchFailed(RetryLater):
    """The trigger did not get through; the same dispatch may work in a while."""


class UnfitPayload(PermanentError):
    """The payload does not fit the trigger's schema: StackStorm would drop it. A fault of this
    pack."""


class Dispatcher:
    """Dispatches through a sensor's service. Not for several threads at once."""

    def __init__(
        self,
        service: Any,
        schemas: Mapping[str, Mapping[str, Any]],
        log: Any,
        *,
        deadline: float = DEADLINE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`schemas`: trigger reference → payload schema. `deadline`: seconds for one dispatch."""
        self._service = service
        self._schemas = schemas
        self._log = log
        self._deadline = deadline
        self._monotonic = monotonic
        self._hanging: List[Tuple[threading.Thread, float]] = []
        self._done: OrderedDict[str, None] = OrderedDict()
        self.on_dispatched: Callable[[str, Mapping[str, Any]], None] = lambda trigger, payload: (
            None
        )
        """Told of each dispatch that got through in time."""

    def dispatch(
        self, trigger: str, payload: Mapping[str, Any], *, trace_tag: str, ids: Iterable[str] = ()
    ) -> None:
        """Returns once StackStorm has it. Raises DispatchFailed, or UnfitPayload when it never
        will.

        `ids`: what `was_dispatched` is asked for later.
        """
        problem = misfit(payload, self._schemas.get(trigger, {}))
        if problem:
            raise UnfitPayload(f"The payload for {trigger} does not fit its schema: {problem}")
        now = self._monotonic()
        self._hanging = [
            one for one in self._hanging if one[0].is_alive() and now - one[1] < GIVE_UP_AFTER
        ]
        if len(self._hanging) >= MAX_HANGING:
            raise DispatchFailed(
                f"StackStorm has not answered {MAX_HANGING} earlier dispatches yet"
            )
        call = self._strict_call(trigger, payload, trace_tag)
        wanted = list(ids)
        outcome: List[BaseException] = []
        returned = threading.Event()

        def work() -> None:
            try:
                call()
                self._remember(wanted)
            except BaseException as error:  # noqa: BLE001 - whatever it was, it did not get through
                outcome.append(error)
            finally:
                returned.set()

        # Names looked up in the modules at call time: a sensor's process is monkey-patched by
        # eventlet.
        thread = threading.Thread(target=work, name="pagerduty-dispatch", daemon=True)
        thread.start()
        if not returned.wait(self._deadline):
            self._hanging.append((thread, self._monotonic()))
            self._replace()
            raise DispatchFailed(
                f"StackStorm took no {trigger} within {self._deadline:g} s (queue or "
                "database frozen?)"
            )
        if outcome:
            self._replace()
            error = outcome[0]
            said = one_line(clean(error, 300))
            raise DispatchFailed(
                f"StackStorm took no {trigger}: {type(error).__name__}: {said}"
            ) from error
        self.on_dispatched(trigger, payload)

    def was_dispatched(self, event_id: str) -> bool:
        """The event got through, even if only after its deadline."""
        return event_id in self._done

    def _remember(self, ids: Iterable[str]) -> None:
        for one in ids:
            self._done[one] = None
        while len(self._done) > MEMORY:
            self._done.popitem(last=False)

    def _strict_call(
        self, trigger: str, payload: Mapping[str, Any], trace_tag: str
    ) -> Callable[[], Any]:
        strict = getattr(self._service, "_trigger_dispatcher_service", None)
        if strict is None:  # st2tests' mock has none
            return lambda: self._service.dispatch(trigger, payload=payload, trace_tag=trace_tag)
        return lambda: strict.dispatch(
            trigger, payload=payload, trace_tag=trace_tag, throw_on_validation_error=True
        )

    def _replace(self) -> None:
        """A new dispatcher for the service: the old one may raise AttributeError for ever."""
        if getattr(self._service, "_trigger_dispatcher_service", None) is None:
            return
        try:
            from st2common.services.trigger_dispatcher import TriggerDispatcherService

            fresh = TriggerDispatcherService(logger=getattr(self._service, "_logger", self._log))
        except Exception as error:  # noqa: BLE001 - the old one may still recover
            self._log.warning(
                "No new dispatcher could be made: %s: %s",
                type(error).__name__,
                one_line(clean(error, 200)),
            )
            return
        self._service._trigger_dispatcher_service = fresh


def payload(change: Change, limit: int = MAX_PAYLOAD) -> Dict[str, Any]:
    """The payload of `pagerduty.incident`, its long texts cut until it has at most `limit` bytes,
    as far as that goes: events are never left out."""
    data = to_payload(change)
    incident = data["incident"]
    for texts, parts, people in ((300, 8, 20), (160, 6, 10), (80, 3, 5), (40, 0, 3), (20, 0, 1)):
        if _size(data) <= limit:
            break
        incident["title"] = cut(incident["title"], max(texts, 100))
        for key in ("summary", "note"):
            incident[key] = cut(incident[key], texts)
        incident["details"] = [
            [name, cut(value, texts // 2)] for name, value in incident["details"][:parts]
        ]
        incident["links"] = [
            dict(link, text=cut(link["text"], 60))
            for link in incident["links"][:parts]
            if len(link["href"]) <= 2 * texts
        ]
        for key in ("teams", "assignees", "acknowledgers"):
            incident[key] = [
                dict(one, name=cut(one["name"], max(texts, 40))) for one in incident[key][:people]
            ]
        for event in data["events"]:
            event["changes"] = {
                key: value if key in ("to_ids", "until", "merged_into") else cut(value, texts)
                for key, value in event["changes"].items()
                if texts > 40 or key != "log_entry_type"
            }
    return data


def _size(data: Any) -> int:
    return len(
        json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    )


_TYPES: Mapping[str, Any] = {
    "object": dict,
    "array": (list, tuple),
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def misfit(value: Any, schema: Mapping[str, Any], where: str = "payload") -> str:
    """Why a value does not fit a payload schema, or "". Knows what our schemas use: type, enum,
    properties (with boolean `required`), additionalProperties, items, maxItems; and what
    StackStorm's rules engine drops: integers over 64 bits and lone surrogates."""
    wanted = schema.get("type")
    if wanted is not None and not any(
        _is(value, one) for one in (wanted if isinstance(wanted, list) else [wanted])
    ):
        return f"{where} is {type(value).__name__}, not {wanted}"
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return f"{where} is over 64 bits"
    if isinstance(value, str) and not _is_utf8(value):
        return f"{where} holds a lone surrogate"
    if "enum" in schema and value not in schema["enum"]:
        return f"{where} is none of {schema['enum']}"
    if isinstance(value, dict):
        return _object_misfit(value, schema, where)
    if isinstance(value, (list, tuple)):
        if len(value) > schema.get("maxItems", len(value)):
            return f"{where} has more than {schema['maxItems']} items"
        problems = (
            misfit(item, schema.get("items", {}), f"{where}[{i}]") for i, item in enumerate(value)
        )
        return next((problem for problem in problems if problem), "")
    return ""


def _object_misfit(value: Mapping[str, Any], schema: Mapping[str, Any], where: str) -> str:
    properties = schema.get("properties", {})
    missing = [
        name
        for name, one in properties.items()
        if one.get("required") is True and name not in value
    ]
    if missing:
        return f"{where} lacks {', '.join(missing)}"
    others = schema.get("additionalProperties", {})
    for name, item in value.items():
        if name not in properties and others is False:
            return f"{where}.{name} is not in the schema"
        problem = misfit(item, properties.get(name, others or {}), f"{where}.{name}")
        if problem:
            return problem
    return ""


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES.get(name, object))


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
