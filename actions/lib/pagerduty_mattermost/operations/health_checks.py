"""`health.check`: both connections, what the bot may do, clocks, and how the pack's own parts
stand.

    found = checks(context)      # [CheckResult(name, state, text), ...]
    table(found)                 # for people, in Markdown

Each check costs a request or few, and none of them changes anything. A check never raises: what
can't be found out is a failed check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, List, NamedTuple, Sequence, Tuple

from pagerduty_mattermost.core import markdown, times
from pagerduty_mattermost.core.config.settings import mattermost_missing
from pagerduty_mattermost.core.errors import (
    NotFound,
    PackError,
    RejectedInput,
    Unauthorized,
    WriteRefused,
)
from pagerduty_mattermost.core.text import counted
from pagerduty_mattermost.gateways.mattermost import token_readers
from pagerduty_mattermost.gateways.pagerduty.client import fill
from pagerduty_mattermost.oncall.watch import last_look
from pagerduty_mattermost.operations import (
    chat_listener_check,
    coverage,
    kept_pages_check,
    overrides_setup,
    playbooks_check,
    reconcile_run,
    rights_check,
    sensor_check,
    unfinished,
)
from pagerduty_mattermost.operations.canary import MAX_SKEW_SECONDS
from pagerduty_mattermost.rooms import rights
from pagerduty_mattermost.rooms.records import RoomRecords
from pagerduty_mattermost.sensor.heartbeat import (
    TIMERS_DEAD_SECONDS,
    started_at,
    timer_seen_at,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty

OK, WARN, FAIL, OFF = "ok", "warn", "fail", "off"
WATCH_OVERDUE_SECONDS = 900.0
"""After which a run of the on-call watch is missing: it comes every two minutes."""
RECONCILE_OVERDUE_SECONDS = 4500.0
"""After which a run of reconcile is missing: it comes every half hour at least."""
CANARY_OVERDUE_SECONDS = 600.0
"""After which a run of the canary is missing: it comes every minute."""
FIRST_RUN_SECONDS = 180.0
"""After its start by which the incident sensor has had each regular job run."""
TIMER_FIRST_SECONDS = 660.0
"""The same of a timer: it fires every ten minutes, the first time ten minutes after the start."""
SLOW_SECONDS = 3.0
"""For one request."""
NO_INCIDENT = "PHEALTHCHECK00"
"""An id that no incident has: whether a change of it is refused or not found tells what the key
may do."""
_ASKS = {
    "API key": "PagerDuty",
    "rate limit": "PagerDuty",
    "clock": "PagerDuty",
    "routes": "PagerDuty",
    "channels": "Mattermost",
    "command's token": "Mattermost",
    "rooms": "Mattermost",
}
"""Lines that would say the same again where that server's line fails."""
_EMOJI = {OK: "✅", WARN: "⚠️", FAIL: "❌", OFF: "➖"}


class CheckResult(NamedTuple):
    """How one part stands."""

    name: str
    state: str
    """ok, warn, fail, or off (not configured)."""
    text: str


def checks(context: Context) -> List[CheckResult]:
    """Each part's line, in the order in which people read them. Raises nothing: what could not
    be asked is a line too."""
    found: List[CheckResult] = []
    for name, check in (
        ("PagerDuty", _pagerduty),
        ("API key", _scope),
        ("rate limit", _rate),
        ("clock", _clock),
        ("Mattermost", _mattermost),
        ("protection", _protection),
        ("channels", _channels),
        ("incident sensor", sensor_check.check),
        ("standby", sensor_check.standby),
        ("reconcile", _reconcile),
        ("on-call watch", _oncall),
        ("timers", _timers),
        ("failed posts", _letters),
        ("kept pages", kept_pages_check.check),
        ("webhook", _webhook),
        ("chat", chat_listener_check.check),
        ("command's token", _token_readers),
        ("canary", _canary),
        ("rooms", _rooms),
        ("playbooks", playbooks_check.check),
        ("rights", rights_check.check),
        ("executions", unfinished.check),
        ("rules", overrides_setup.check),
        ("routes", coverage.check),
    ):
        server = _ASKS.get(name)
        if any(one.name == server and one.state == FAIL for one in found):
            found.append(CheckResult(name, OFF, f"not asked for: see {server}"))
            continue
        try:
            found.append(CheckResult(name, *check(context)))
        except PackError as error:
            found.append(CheckResult(name, FAIL, error.in_chat))
        except Exception as error:  # noqa: BLE001 - one check's fault hides no other one
            found.append(CheckResult(name, FAIL, context.line_in_chat(error)))
    return found


def table(found: Sequence[CheckResult]) -> str:
    """The checks as a table in Markdown; outside text is escaped."""
    rows = [(f"{_EMOJI[one.state]} {one.name}", markdown.cell(one.text, 300)) for one in found]
    return markdown.table(("part", "state"), rows)


def worst(found: Sequence[CheckResult]) -> str:
    """The state of the whole: that of its worst part."""
    states = {one.state for one in found}
    return FAIL if FAIL in states else WARN if WARN in states else OK


def _timed(context: Context, call: Callable[[], Any]) -> float:
    began = context.monotonic()
    call()
    return context.monotonic() - began


def _latency(seconds: float) -> Tuple[str, str]:
    text = f"answers in {seconds * 1000:.0f} ms"
    return (WARN, f"{text}: that is slow") if seconds > SLOW_SECONDS else (OK, text)


def _pagerduty(context: Context) -> Tuple[str, str]:
    return _latency(_timed(context, lambda: context.pagerduty.get("/abilities")))


def may_write(pagerduty: PagerDuty, from_email: str) -> bool:
    """Whether the key may change incidents: by a change of one that is not there. Raises the
    gateway's errors, and WriteRefused in a dry run."""
    body = {"incident": {"type": "incident_reference"}}
    sender = from_email or "nobody@example.com"
    try:
        pagerduty.put(fill("/incidents/{id}", id=NO_INCIDENT), body, from_email=sender)
    except Unauthorized as error:
        if error.status == 403:
            return False
        raise
    except (NotFound, RejectedInput):
        pass
    return True


def _scope(context: Context) -> Tuple[str, str]:
    try:
        able = may_write(context.pagerduty, context.settings.pagerduty.from_email)
    except WriteRefused:
        return OFF, "whether it may write is not tried in a dry run"
    if not able:
        return WARN, "may only read: acknowledge, resolve and every other change will fail"
    return OK, "may read and write"


def _rate(context: Context) -> Tuple[str, str]:
    rate = context.pagerduty.last_rate
    if rate is None or rate.limit <= 0:
        return OFF, "PagerDuty names none"
    text = f"{rate.remaining} of {rate.limit} requests a minute left"
    return (WARN if rate.remaining * 10 < rate.limit else OK), text


def _clock(context: Context) -> Tuple[str, str]:
    server = context.pagerduty.last_server_time
    if server is None:
        return WARN, "PagerDuty gives no time (header Date)"
    skew = abs(context.clock() - server)
    if skew > MAX_SKEW_SECONDS:
        return (
            FAIL,
            f"this machine's clock is {times.duration(skew)} off PagerDuty's: is NTP running?",
        )
    return OK, f"within {max(1, round(skew))} s of PagerDuty's"


def _mattermost(context: Context) -> Tuple[str, str]:
    if mattermost_missing(context.settings):
        return OFF, "not configured: nothing is posted"
    state, text = _latency(_timed(context, lambda: context.mattermost.me()))
    return state, f"@{context.mattermost.me().username}, {text}"


def _protection(context: Context) -> Tuple[str, str]:
    from pagerduty_mattermost.core.config.protection import unprotected

    found = unprotected(context.settings)
    return (
        (WARN, "; ".join(found))
        if found
        else (OK, "certificates are checked, no public address is spoken to in clear text")
    )


def _channels(context: Context) -> Tuple[str, str]:
    settings = context.settings.mattermost
    named = [text for text in (settings.default_channel, settings.operations_channel) if text]
    named += list(settings.service_channels.values())
    if mattermost_missing(context.settings) or not named:
        return OFF, "none is named in the configuration"
    problems = []
    for text in dict.fromkeys(named):
        try:
            context.channels.look_up(text)
        except PackError as error:
            problems.append(error.in_chat)
    return (
        (FAIL, "; ".join(problems))
        if problems
        else (OK, f"{len(set(named))} named, the bot reaches them")
    )


def _has_just_started(context: Context, seconds: float = FIRST_RUN_SECONDS) -> bool:
    """Whether the incident sensor runs for less than that, so that what comes by itself may still
    be to come."""
    started = started_at(context.store)
    return started is not None and context.clock() - started < seconds


def _reconcile(context: Context) -> Tuple[str, str]:
    ended = reconcile_run.last_run(context.store).ended
    if ended is None:
        if _has_just_started(context):
            return OK, "not yet: it runs within minutes of the start"
        return (
            WARN,
            (
                "has never run to its end: are the rules pagerduty.upkeep and "
                "upkeep_by_timer enabled?"
            ),
        )
    age = context.clock() - ended
    text = f"last {times.duration(age)} ago"
    return (
        (FAIL, f"{text}: does st2rulesengine work, and st2actionrunner?")
        if age > RECONCILE_OVERDUE_SECONDS
        else (OK, text)
    )


def _oncall(context: Context) -> Tuple[str, str]:
    watched = context.settings.oncall.channels
    if not watched:
        return OFF, "not configured: no hand-offs are posted (oncall.channels)"
    last = last_look(context.store)
    if last is None:
        if _has_just_started(context):
            return OK, "has not polled yet: it does within minutes of the start"
        return (
            WARN,
            ("has not polled yet: are the rules pagerduty.upkeep and upkeep_by_timer enabled?"),
        )
    age = context.clock() - last
    many = "schedules and policies" if len(watched) != 1 else "schedule or policy"
    text = f"{len(watched)} {many}, last polled {times.duration(age)} ago"
    return (
        (FAIL, f"{text}: see the executions of pagerduty.health.upkeep")
        if age > WATCH_OVERDUE_SECONDS
        else (OK, text)
    )


def _timers(context: Context) -> Tuple[str, str]:
    seen_at = timer_seen_at(context.store)
    if seen_at is None:
        if _has_just_started(context, TIMER_FIRST_SECONDS):
            return OK, "none yet: the first fires within ten minutes of the start"
        return WARN, (
            "none, though one fires every ten minutes: is the rule pagerduty.upkeep_by_timer "
            "enabled, and st2timersengine (or `serve`) running?"
        )
    age = context.clock() - seen_at
    text = f"fired {times.duration(age)} ago"
    return (FAIL, f"{text}: restart st2timersengine") if age > TIMERS_DEAD_SECONDS else (OK, text)


def _letters(context: Context) -> Tuple[str, str]:
    from pagerduty_mattermost.operations import dead_letters

    kept = dead_letters.load_all(context.store, context.log)
    if not kept:
        return OK, "none"
    by_hand = sum(one.kind in (dead_letters.PERMANENT, dead_letters.ACT) for one in kept)
    text = (
        f"{len(kept)} kept, {by_hand} of them need somebody (deadletter.list); the newest: "
        f"{kept[-1].reason}"
    )
    return (FAIL if len(kept) >= dead_letters.ALARM_LETTERS else WARN), text


def _webhook(context: Context) -> Tuple[str, str]:
    from pagerduty_mattermost.sensor import webhook, webhook_subscription

    if not context.settings.webhook.port:
        return OFF, "not configured: PagerDuty's log is polled"
    status = webhook_subscription.status(context.pagerduty, context.store, context.settings)
    calls = status["calls"]
    forged = sum(calls.get(kind, 0) for kind in (webhook.UNFIT, webhook.UNSIGNED))
    text = str(status["message"]) + (
        f" {forged} calls of strangers were refused." if forged else ""
    )
    return (OK if status["works"] and status["subscribed"] else WARN), text


def _canary(context: Context) -> Tuple[str, str]:
    from pagerduty_mattermost.operations import canary
    from pagerduty_mattermost.operations.canary_run import remembered as canary_state

    settings = context.settings.canary
    if not settings.service:
        return OFF, "not configured: nothing proves that the whole way works"
    if settings.missing:
        return FAIL, f"{', '.join(settings.missing)} is not set"
    state, now = canary_state(context.store), context.clock()
    if not state.looked_at:
        if _has_just_started(context):
            return OK, "has not run yet: it does within minutes of the start"
        return WARN, "has not run yet: is the rule pagerduty.upkeep enabled?"
    age = now - state.looked_at
    if age > CANARY_OVERDUE_SECONDS:
        return FAIL, (
            f"last run {times.duration(age)} ago: is the rule pagerduty.upkeep enabled, do the "
            "incident sensor, st2rulesengine and st2actionrunner work?"
        )
    told = canary.durations(state) or "no round is over yet"
    if not context.settings.chat.port:
        told += "; acknowledged by an event, since chat.port is not set"
    if state.fault is not None:
        since = times.duration(max(0.0, now - (state.whole_at or state.fault.at)))
        return FAIL, f"{state.fault.kind}: {state.fault.text} (not whole for {since}; {told})"
    return OK, f"{state.rounds} rounds whole, {state.faults} not; {told}"


def _token_readers(context: Context) -> Tuple[str, str]:
    if mattermost_missing(context.settings) or not context.settings.chat.port:
        return OFF, "not configured: no buttons, no /pd"
    found = token_readers.problem(context.mattermost)
    return (WARN, found) if found else (OK, token_readers.FINE)


def _rooms(context: Context) -> Tuple[str, str]:
    """What the bot may do with rooms, how many there are, and how full the team is."""
    if mattermost_missing(context.settings):
        return OFF, "Mattermost is not configured"
    found = rights.read(context)
    open_ones = len(RoomRecords(context.store, context.log).every())
    text = f"{counted(open_ones, 'room')}; {found.fullness}"
    if found.missing:
        return WARN, f"the bot may not {', '.join(found.missing)}; {text}"
    if found.is_nearly_full:
        return WARN, f"no room can be made when the team is full; {text}"
    restore = "" if found.restore else "; archived rooms are restored by an admin of the team"
    return OK, text + restore
