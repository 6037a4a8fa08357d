"""Dead letters carried out again: those that are due, by themselves (`mattermost.catch_up`),
or those that somebody names, by hand (`deadletter.replay`)."""

# flake8: noqa: E501

from __future__ import annotations

from importlib import import_module
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Type,
)

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RetryLater
from pagerduty_mattermost.gateways.stackstorm import outage
from pagerduty_mattermost.operations import dead_letter_view, dead_letters, ended_letters
from pagerduty_mattermost.operations.dead_letters import (
    ACT,
    ACTIONS,
    BLOCKED,
    PERMANENT,
    DeadLetter,
)
from pagerduty_mattermost.operations.place import place_of
from pagerduty_mattermost.operations.replay_order import (
    ReplayOrder,
    is_tried,
    postponed,
    some_wait,
)
from pagerduty_mattermost.operations.rule_now import as_rule_says

if TYPE_CHECKING:
    from pagerduty_mattermost.action_bases.pack_action import PackAction
    from pagerduty_mattermost.gateways.context import Context

RUN_SECONDS = 240.0
"""After this long the rest waits for the next run."""
GONE = "The rule {} is disabled, gone or runs something else now: nothing of it is posted any more"
ACT_VALID_SECONDS = 60.0
"""How long an act that is replayed by hand may wait to be taken: as long as an order from chat."""


class Replayed(NamedTuple):
    """What became of one dead letter."""

    letter: DeadLetter
    """As it was."""
    problem: str = ""
    """Why it failed again; empty when it went through."""
    after: Optional[DeadLetter] = None
    """As it is now; None when it is gone."""


def catch_up(action: PackAction, *, is_back: bool = False) -> Dict[str, Any]:
    """Carry out what is due, and with `is_back` all that waits for Mattermost; the result of
    `mattermost.catch_up`. Raises StoreUnreachable."""
    context = action.context
    found = dead_letters.load_all(context.store, context.log)
    kept = dead_letters.make_room(context.store, found, dead_letters.MAX_LETTERS, context.log)
    run = None
    if is_back or some_wait(kept, context.clock()):
        run = outage.begin_run(context.store, context.clock)
        if run is None:
            return dead_letter_view.catch_up_result(0, kept, 0, context.clock(), busy=True)
    results = replay(action, kept, by_hand=False, is_back=is_back, beat=run.beat if run else None)
    _note(context, results, ended_letters.CAUGHT_UP)
    done = {one.letter.id: one for one in results}
    after = [done[one.id].after if one.id in done else one for one in kept]
    left = [one for one in after if one is not None]
    warning = dead_letter_view.too_many(len(left))
    if warning and not action.not_configured():
        context.notify_operators("deadletters", warning)
    caught_up, dropped = len(kept) - len(left), len(found) - len(kept)
    if run is not None:
        run.end(caught_up, lambda: [""] if _some_wait(context) else [])
    return dead_letter_view.catch_up_result(caught_up, left, dropped, context.clock())


def replay_by_hand(action: PackAction, ids: Sequence[str], everything: bool) -> Dict[str, Any]:
    """Carry out those of the ids, or all but the acts from chat; the result of
    `deadletter.replay`. Raises RejectedInput and StoreUnreachable."""
    context = action.context
    found = dead_letters.load_all(context.store, context.log)
    zone = times.zone(context.settings.time_zone)
    ends = ended_letters.told(context.store, zone) if ids else {}
    chosen, missing = dead_letter_view.picked(found, ids, everything, acts=False, ends=ends)
    done = replay(action, chosen, by_hand=True)
    _note(context, done, ended_letters.REPLAYED)
    problems = {one.letter.id: one.problem for one in done}
    results = [dead_letter_view.replayed(one, problems.get(one.id), zone) for one in chosen]
    results += [dead_letter_view.not_found(id, ends.get(id, "")) for id in missing]
    return dead_letter_view.replay_result(
        results, len(found) - len(chosen) if everything else 0, ends
    )


def _note(context: Context, results: Sequence[Replayed], how: str) -> None:
    ended = [one.letter.id for one in results if not one.problem and one.after is None]
    ended_letters.note(context.store, ended, how, context.clock(), context.log)


def replay(
    action: PackAction,
    letters: Sequence[DeadLetter],
    *,
    by_hand: bool,
    is_back: bool = False,
    beat: Optional[Callable[[], None]] = None,
) -> List[Replayed]:
    """One run over them; each result is in the datastore before the next begins. `beat` is called
    before each. Raises StoreUnreachable."""
    context = action.context
    began = context.monotonic()
    letters, done = _as_said_now(action, letters, by_hand=by_hand)
    order = ReplayOrder(letters, context.clock(), by_hand=by_hand, is_back=is_back)
    while context.monotonic() - began <= RUN_SECONDS:
        if beat is not None:
            beat()
        one = order.next()
        if one is None:
            break
        if one.kind == ACT:
            _begin(context, one)
        again = entry_point(one.action).beside(action)
        try:
            left = again.unfinished(again.act(**_params(context, one)))
            if left is not None:
                raise left
            problem, kind, down = "", one.kind, False
        except PackError as error:
            problem, kind = context.line_in_chat(error), dead_letters.kind_of(error)
            down = isinstance(error, RetryLater) or error.status == 401
        except Exception as error:  # noqa: BLE001 - one that can't be done must not hold up the others
            problem, kind, down = context.line_of(error), dead_letters.PERMANENT, False
        if not problem:
            dead_letters.drop(context.store, one)
            done.append(Replayed(one))
            order.done()
            continue
        after = postponed(one, ACT if one.kind == ACT else kind, problem, context.clock())
        after = after._replace(place=place_of(context, one.params) if kind == BLOCKED else "")
        dead_letters.save(context.store, after, context.clock())
        done.append(Replayed(one, problem, after))
        order.failed(after.kind, down=down)
    return done


def _as_said_now(
    action: PackAction, letters: Sequence[DeadLetter], *, by_hand: bool
) -> Tuple[List[DeadLetter], List[Replayed]]:
    """With what rules and configuration say today, and due where that is something else than when
    they failed; and those that no rule runs any more, which are left to be carried out by hand."""
    context, now = action.context, action.context.clock()
    found: List[DeadLetter] = []
    gone: List[Replayed] = []
    rules = _rules(action) if any(one.rule for one in letters) else None
    for one in letters:
        said: Optional[DeadLetter] = one
        if rules is not None and one.rule:
            said = as_rule_says(one, rules.get(one.rule))
        if said is None and not by_hand and is_tried(one, now):
            reason = GONE.format(one.rule)
            left = one._replace(kind=PERMANENT, reason=reason)
            dead_letters.save(context.store, left, now)
            gone.append(Replayed(one, reason, left))
            continue
        said = said or one
        is_moved = said.kind == BLOCKED and said.place not in ("", place_of(context, said.params))
        found.append(said._replace(next_at=now) if said is not one or is_moved else said)
    return found, gone


def _rules(action: PackAction) -> Optional[Dict[str, Any]]:
    """All rules, by reference; None where they can't be read."""
    from pagerduty_mattermost.gateways.stackstorm.rules_api import all_rules

    try:
        return {str(rule.ref): rule for rule in all_rules(action.context.stackstorm)}
    except PackError as error:
        action.context.log.info("Failed posts go as their rules were: %s", error)
        return None


def entry_point(name: str) -> Type[PackAction]:
    """The class of an action, by its name in `dead_letters.ACTIONS`."""
    module, cls, _ = ACTIONS[name]
    found: Type[PackAction] = getattr(import_module(module), cls)
    return found


def _some_wait(context: Context) -> bool:
    return some_wait(dead_letters.load_all(context.store, context.log), context.clock())


def _begin(context: Context, one: DeadLetter) -> None:
    """An act has no key that the other side knows: that it was begun must be seen if this run is
    killed."""
    zone = times.zone(context.settings.time_zone)
    at = times.stamp_at(context.clock(), zone)
    reason = (
        f"Replayed by hand at {at}; whether it was done is not known, check the "
        f"incident first. {one.reason}"
    )
    dead_letters.save(context.store, one._replace(reason=reason), context.clock())


def _params(context: Context, one: DeadLetter) -> Dict[str, Any]:
    if one.action != "chat_handle":
        return one.params
    valid_until = context.clock() + ACT_VALID_SECONDS
    return {"order": {**one.params["order"], "valid_until": valid_until, "replayed": True}}
