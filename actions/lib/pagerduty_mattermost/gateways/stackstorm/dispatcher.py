"""Dispatches triggers so that nothing gets lost without a word, as StackStorm's own dispatch can
lose them: it returns None for a payload it drops as for one it took.

    dispatcher = Dispatcher(sensor_service, schemas, log)
    dispatcher.dispatch("pagerduty.incident", payload(change), trace_tag=id, ids=event_ids)

It counts when `dispatch` returned. Each call: the payload is checked against the trigger's own
schema first (a payload that does not fit would be dropped silently); then the strict dispatch,
where the service has one, in a thread of its own with a deadline; after any failure the dispatcher
is replaced by a new one, since one that failed once may fail for ever. A call that outlives its
deadline may still succeed: then `was_dispatched` knows, and nothing is sent again.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Any, Callable, Iterable, List, Mapping, Tuple

from pagerduty_mattermost.core.errors import PermanentError, RetryLater
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.stackstorm.payload_schema import PayloadSchema

DEADLINE_SECONDS = 45.0
"""Seconds. RabbitMQ that was restarted takes 10 s for the first call, one that refuses 24 s to say
so."""
MAX_HANGING = 3
"""Calls that have not returned, after which no more are begun until one has, or counts as dead."""
GIVE_UP_SECONDS = 600.0
"""Seconds after which such a call counts as dead: a connection whose other end is gone without a
word never returns."""
MAX_REMEMBERED = 20000
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
        deadline: float = DEADLINE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`schemas`: trigger reference → payload schema. `deadline`: seconds for one dispatch."""
        self._service = service
        self._schemas = {name: PayloadSchema(one) for name, one in schemas.items()}
        self._log = log
        self._deadline = deadline
        self._monotonic = monotonic
        self._hanging: List[Tuple[threading.Thread, float]] = []
        self._done: OrderedDict[str, None] = OrderedDict()
        self.listeners: List[Callable[[str, Mapping[str, Any]], None]] = []
        """Called with trigger and payload after each dispatch that got through in time."""

    def dispatch(
        self, trigger: str, payload: Mapping[str, Any], *, trace_tag: str, ids: Iterable[str] = ()
    ) -> None:
        """Returns once StackStorm has it. Raises DispatchFailed, or UnfitPayload when it never
        will.

        `ids`: what `was_dispatched` is asked for later.
        """
        schema = self._schemas.get(trigger)
        problem = schema.misfit(payload) if schema is not None else ""
        if problem:
            raise UnfitPayload(f"The payload for {trigger} does not fit its schema: {problem}")
        now = self._monotonic()
        self._hanging = [
            one for one in self._hanging if one[0].is_alive() and now - one[1] < GIVE_UP_SECONDS
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
        for listener in self.listeners:
            listener(trigger, payload)

    def was_dispatched(self, event_id: str) -> bool:
        """The event got through, even if only after its deadline."""
        return event_id in self._done

    def _remember(self, ids: Iterable[str]) -> None:
        for one in ids:
            self._done[one] = None
        while len(self._done) > MAX_REMEMBERED:
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
