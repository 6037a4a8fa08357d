"""The canary: a round of one event that the whole chain has to carry, as a state machine. Pure.

    state = begin(state, now, terms, token)      # a new round, once the period is over
    state = triggered(state, now, terms)         # PagerDuty has taken its event
    state = judge(state, sight, now, terms)      # what is seen of it: the next phase, or a fault

A round triggers an event (phase `trigger`), waits for its card (`card`), clicks Acknowledge
(`click`) and waits until PagerDuty and the card say so (`acknowledge`). Then it is `held`: the
incident stays open, acknowledged, until the next round's event is taken, and is resolved then.
So at any time one event is open, and resolving it needs all of the chain: whatever dies, the
acknowledgement runs out and PagerDuty pages. Of a round that failed (`failed`) the event is not
resolved before a later round went well; further ones that fail meanwhile are, so that one outage
pages once.

`health.canary` (`canary_run`) carries this out, one step a run. Times are seconds since the epoch.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.json_values import MisshapenValue, from_json
from pagerduty_mattermost.core.times import duration

KEY = "canary.round"
KEPT_SECONDS = 30 * 86400.0
MAX_SAMPLES = 200
"""Of each step's duration: the newest."""
MAX_SKEW_SECONDS = 60.0
"""That two clocks may differ."""
SLACK_SECONDS = 5.0
"""By which a time that Mattermost gives may be later than this machine's clock."""
MAX_EARLIER = 20
"""Events that are remembered until they are resolved."""
GAP_SECONDS = 150.0
"""Between two looks: after a longer one StackStorm itself was away, and what it has to do since is
waited for once more."""

TRIGGER, CARD, CLICK, ACKNOWLEDGE = "trigger", "card", "click", "acknowledge"
HELD, FAILED = "held", "failed"
RESOLVE, CLOCK, SERVICE, INCIDENT = "resolve", "clock", "service", "incident"
PAGERDUTY, SENSOR, DISPATCH, MATTERMOST = "pagerduty", "sensor", "dispatch", "mattermost"
"""Further kinds of faults beside the phases'."""
FORGOTTEN_SECONDS = 7200.0
"""After which what is remembered of a resolved incident's card is dropped: the sensor has
forgotten the incident, and nobody compares it any more."""


class CanaryTerms(NamedTuple):
    """The settings, in seconds."""

    period: float
    bound: float


class CanaryEvent(NamedTuple):
    """An event of an earlier round that PagerDuty is not known to have resolved."""

    key: str
    incident_id: str = ""
    asked_at: float = 0.0
    """When it was told to resolve it; 0: not yet."""
    due_at: float = 0.0
    failed: bool = False
    """Of a round that failed: it pages, so it stays until a round went well."""
    unshown: bool = False
    """Of any round that failed: that it is resolved need not stand on its card."""


class CanaryFault(NamedTuple):
    """What broke."""

    kind: str
    text: str
    at: float
    key: str
    """Of the round's event."""


class CanaryRound(NamedTuple):
    """The round under way, or the last one."""

    number: int = 0
    """0: there was none."""
    key: str = ""
    """The event's dedup key."""
    phase: str = HELD
    begun: float = 0.0
    triggered_at: float = 0.0
    due_at: float = 0.0
    """Until when the phase has to be over."""
    incident_id: str = ""
    clicked_at: float = 0.0
    said: str = ""
    """What went wrong last in this phase."""
    waited: bool = False
    """Whether it was given more time, since nothing had looked."""


class CanaryState(NamedTuple):
    """All that is remembered."""

    round: CanaryRound = CanaryRound()
    earlier: Tuple[CanaryEvent, ...] = ()
    fault: Optional[CanaryFault] = None
    """The newest one, until a round went well."""
    looked_at: float = 0.0
    whole_at: float = 0.0
    """When a round last went well."""
    over: Tuple[CanaryEvent, ...] = ()
    """Resolved, and still among the records of cards; `due_at`: until when."""
    rounds: int = 0
    """That went well."""
    faults: int = 0
    card_seconds: Tuple[float, ...] = ()
    acknowledge_seconds: Tuple[float, ...] = ()
    resolve_seconds: Tuple[float, ...] = ()


class CanarySight(NamedTuple):
    """What is seen of a round and of the events before it."""

    incident_id: str = ""
    """Empty: PagerDuty has none of the event."""
    other_service: str = ""
    """The incident's service, where it is not the configured one."""
    card_at: float = 0.0
    """When the card was posted, by Mattermost's clock; 0: there is none."""
    acknowledged_at: float = 0.0
    """By PagerDuty's clock; 0: it is not."""
    shown: bool = False
    """The card shows the incident's newest state, and its thread tells it."""
    resolved: Tuple[Tuple[str, float], ...] = ()
    """Keys of earlier events whose incident is resolved and whose card says so, with the time when
    the card was painted so; 0 where that is not known."""
    skew: float = 0.0
    """This machine's clock against PagerDuty's."""
    problem: str = ""
    """Why something could not be looked at."""


def is_due(state: CanaryState, now: float, terms: CanaryTerms) -> bool:
    """Whether the next round begins. After a clock that was set back as well."""
    last = state.round
    if last.number == 0:
        return True
    if last.phase not in (HELD, FAILED):
        return False
    return not 0 <= now - last.begun < terms.period


def begin(state: CanaryState, now: float, terms: CanaryTerms, token: str) -> CanaryState:
    """The next round. `token`: of letters and digits, makes its event's key one of its own."""
    last, earlier = state.round, state.earlier
    if last.triggered_at:
        pages = last.phase == FAILED and not any(one.failed for one in earlier)
        broken = last.phase == FAILED
        event = CanaryEvent(last.key, last.incident_id, failed=pages, unshown=broken)
        earlier = (*earlier, event)[-MAX_EARLIER:]
    number = last.number + 1
    begun = CanaryRound(number, f"canary-{token}-{number}", TRIGGER, now, due_at=now + terms.bound)
    return state._replace(round=begun, earlier=earlier)


def looked(state: CanaryState, now: float, terms: CanaryTerms) -> CanaryState:
    """A run begins: what nobody could have seen meanwhile is waited for half a bound longer, once
    a round."""
    gap = now - state.looked_at
    state = state._replace(looked_at=now)
    if 0 <= gap <= GAP_SECONDS or state.round.waited or not state.round.number:
        return state
    later = now + terms.bound / 2
    return state._replace(
        round=state.round._replace(due_at=max(state.round.due_at, later), waited=True),
        earlier=tuple(
            one._replace(due_at=max(one.due_at, later)) if one.asked_at else one
            for one in state.earlier
        ),
    )


def triggered(state: CanaryState, now: float, terms: CanaryTerms) -> CanaryState:
    """PagerDuty's Events API has taken the event."""
    return state._replace(
        round=state.round._replace(phase=CARD, triggered_at=now, due_at=now + terms.bound, said="")
    )


def to_resolve(state: CanaryState) -> Tuple[str, ...]:
    """Keys of events that are to be resolved now: those before the round's, once PagerDuty has
    taken that."""
    if state.round.phase == TRIGGER or not state.round.triggered_at:
        return ()
    return tuple(one.key for one in state.earlier if not one.failed and not one.asked_at)


def asked(state: CanaryState, key: str, now: float, terms: CanaryTerms) -> CanaryState:
    """The event was told to resolve."""
    return state._replace(
        earlier=tuple(
            one._replace(asked_at=now, due_at=now + terms.bound) if one.key == key else one
            for one in state.earlier
        )
    )


def unresolved(
    state: CanaryState, key: str, text: str, now: float, terms: CanaryTerms
) -> CanaryState:
    """PagerDuty did not take that the event is to be resolved; it is tried again."""
    (this,) = (one for one in state.earlier if one.key == key)
    if this.due_at and now > this.due_at:
        return failed(state, RESOLVE, text, now)
    tried = this._replace(due_at=this.due_at or now + terms.bound)
    return state._replace(earlier=tuple(tried if one.key == key else one for one in state.earlier))


def refused(state: CanaryState, text: str, now: float, *, final: bool = False) -> CanaryState:
    """The step of this phase could not be done; `final`: it is no use to try again."""
    state = state._replace(round=state.round._replace(said=text))
    if not final and now <= state.round.due_at:
        return state
    return failed(state, state.round.phase, text, now)


def clicked(state: CanaryState, now: float, terms: CanaryTerms, said: str = "") -> CanaryState:
    """The acknowledgement is on its way; `said`: what the answer to the click was."""
    return state._replace(
        round=state.round._replace(
            phase=ACKNOWLEDGE, clicked_at=now, due_at=now + terms.bound, said=said
        )
    )


def judge(state: CanaryState, sight: CanarySight, now: float, terms: CanaryTerms) -> CanaryState:
    """What is seen, while the round waits or is held."""
    if abs(sight.skew) > MAX_SKEW_SECONDS:
        text = f"this machine's clock is {duration(abs(sight.skew))} off PagerDuty's"
        return failed(state, CLOCK, text, now)
    if state.round.phase == CARD:
        state = _card(state, sight, now, terms)
    state = _resolved(state, sight, now)
    if state.round.phase == ACKNOWLEDGE:
        state = _acknowledged(state, sight, now, terms)
    return state


def is_waiting(state: CanaryState) -> bool:
    """Whether anything has to be looked at."""
    if state.round.phase in (CARD, ACKNOWLEDGE):
        return True
    return any(one.asked_at for one in state.earlier)


def explained(state: CanaryState, kind: str, text: str) -> CanaryState:
    """The fault that was just found, with the link that broke."""
    assert state.fault is not None
    return state._replace(fault=state.fault._replace(kind=kind, text=text))


def to_forget(state: CanaryState, now: float) -> Tuple[CanaryEvent, ...]:
    """Events whose cards' records are no longer needed."""
    return tuple(one for one in state.over if now > one.due_at)


def forgotten(state: CanaryState, now: float) -> CanaryState:
    """The state without the events that are too old to be resolved."""
    return state._replace(over=tuple(one for one in state.over if now <= one.due_at))


def failed(state: CanaryState, kind: str, text: str, now: float) -> CanaryState:
    """The round is over, and its event stays open."""
    if state.round.phase == FAILED:
        return state
    fault = CanaryFault(kind, text, now, state.round.key)
    return state._replace(
        round=state.round._replace(phase=FAILED), fault=fault, faults=state.faults + 1
    )


def _resolved(state: CanaryState, sight: CanarySight, now: float) -> CanaryState:
    seen = dict(sight.resolved)
    left, late = [], False
    for one in state.earlier:
        if one.key in seen:
            if one.asked_at and seen[one.key]:
                state = state._replace(
                    resolve_seconds=_with(state.resolve_seconds, seen[one.key] - one.asked_at)
                )
            state = state._replace(
                over=(*state.over, one._replace(due_at=now + FORGOTTEN_SECONDS))
            )
        elif one.asked_at and now > one.due_at and state.round.phase != CARD:
            # While the next card is waited for: without that, its verdict says more.
            late = True
            left.append(one._replace(asked_at=0.0, due_at=0.0, failed=True, unshown=True))
        else:
            left.append(one)
    state = state._replace(earlier=tuple(left))
    if not late:
        return state
    why = f": {sight.problem}" if sight.problem else ""
    text = f"an event was sent to resolve it, and its incident or card does not show it{why}"
    return failed(state, RESOLVE, text, now)


def _card(state: CanaryState, sight: CanarySight, now: float, terms: CanaryTerms) -> CanaryState:
    this = state.round
    if sight.incident_id and not this.incident_id:
        this = this._replace(incident_id=sight.incident_id)
        state = state._replace(round=this)
    if sight.other_service:
        text = f"its incident is of {sight.other_service}: canary.routing_key is of that service"
        return failed(state, SERVICE, text, now)
    if sight.card_at:
        off = max(sight.card_at - now, this.begun - sight.card_at)
        if off > MAX_SKEW_SECONDS:
            text = f"Mattermost's clock is {duration(off)} off this machine's"
            return failed(state, CLOCK, text, now)
    if sight.card_at and sight.card_at <= this.due_at + SLACK_SECONDS:
        took = _with(state.card_seconds, sight.card_at - this.triggered_at)
        begun = this._replace(phase=CLICK, due_at=now + terms.bound, said="")
        return state._replace(card_seconds=took, round=begun)
    if now <= this.due_at:
        return state
    if sight.problem:
        return failed(state, CARD, sight.problem, now)
    if not sight.incident_id:
        return failed(state, INCIDENT, "PagerDuty took the event and has no incident of it", now)
    if sight.card_at:
        text = f"its card came only after {duration(sight.card_at - this.triggered_at)}"
    else:
        text = f"no card came within {duration(terms.bound)}"
    return failed(state, CARD, text, now)


def _acknowledged(
    state: CanaryState, sight: CanarySight, now: float, terms: CanaryTerms
) -> CanaryState:
    this = state.round
    pending = any(not one.failed for one in state.earlier)
    in_time = 0 < sight.acknowledged_at <= this.due_at + SLACK_SECONDS
    if in_time and sight.shown and not pending:
        return state._replace(
            round=this._replace(phase=HELD),
            fault=None,
            whole_at=now,
            rounds=state.rounds + 1,
            acknowledge_seconds=_with(
                state.acknowledge_seconds, sight.acknowledged_at - this.clicked_at
            ),
            earlier=tuple(one._replace(failed=False) for one in state.earlier),
        )
    if now <= this.due_at or (in_time and sight.shown):
        return state
    if sight.problem:
        text = sight.problem
    elif sight.acknowledged_at and not in_time:
        took = duration(sight.acknowledged_at - this.clicked_at)
        text = f"it was acknowledged only after {took}"
    elif sight.acknowledged_at:
        text = "it is acknowledged at PagerDuty, and its card does not show it"
    else:
        text = f"no acknowledgement reached PagerDuty within {duration(terms.bound)}"
    return failed(state, ACKNOWLEDGE, text + (f" ({this.said})" if this.said else ""), now)


def _with(samples: Tuple[float, ...], seconds: float) -> Tuple[float, ...]:
    return (*samples, round(max(0.0, seconds), 1))[-MAX_SAMPLES:]


def percentile(samples: Tuple[float, ...], share: float) -> float:
    """Of at least one sample: the smallest that `share` of them are not above."""
    ordered = sorted(samples)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def durations(state: CanaryState) -> str:
    """How long each step took, for people; empty while no round went well."""
    told = [
        f"{name} {percentile(taken, 0.5):g} / {percentile(taken, 0.95):g} / {max(taken):g} s"
        for name, taken in (
            ("card", state.card_seconds),
            ("acknowledge", state.acknowledge_seconds),
            ("resolve", state.resolve_seconds),
        )
        if taken
    ]
    return f"p50 / p95 / longest: {', '.join(told)}" if told else ""


def state_from(value: Any) -> CanaryState:
    """As it was kept; of what does not read is begun anew."""
    try:
        return from_json(CanaryState, value)
    except MisshapenValue:
        return CanaryState()
