"""Dead letters carried out again, by the timer (`mattermost.catch_up`) or by hand
(`deadletter.replay`)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Sequence, Type

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RetryLater
from pagerduty_mattermost.operations import dead_letters as deadletters
from pagerduty_mattermost.operations.dead_letters import ACT, ACTIONS, Letter, kind_of
from pagerduty_mattermost.operations.replay_order import Round, postponed

if TYPE_CHECKING:
    from pagerduty_mattermost.action_bases.pack_action import PackAction
    from pagerduty_mattermost.gateways.context import Context

SECONDS = 240.0
"""After this long the rest waits for the next run."""
ACT_LASTS = 60.0
"""Seconds in which what was replayed by hand has to be taken: as long as an order from chat."""


class Replayed(NamedTuple):
    letter: Letter
    """As it was."""
    problem: str = ""
    """Why it failed again; empty when it went through."""
    after: Optional[Letter] = None
    """As it is now; None when it is gone."""


def replay(action: PackAction, letters: Sequence[Letter], *, by_hand: bool) -> List[Replayed]:
    """One round over them; each result is in the datastore before the next begins. Raises
    StoreUnreachable."""
    context = action.context
    began = context.monotonic()
    round = Round(letters, context.clock(), by_hand=by_hand)
    done: List[Replayed] = []
    while context.monotonic() - began <= SECONDS:
        one = round.next()
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
            problem, kind = context.line_of(error), kind_of(error)
            down = isinstance(error, RetryLater) or error.status == 401
        except Exception as error:  # noqa: BLE001 - one that can't be done must not hold up the others
            problem, kind, down = context.line_of(error), deadletters.PERMANENT, False
        if not problem:
            deadletters.drop(context.store, one)
            done.append(Replayed(one))
            round.done()
            continue
        after = postponed(one, ACT if one.kind == ACT else kind, problem, context.clock())
        deadletters.save(context.store, after, context.clock())
        done.append(Replayed(one, problem, after))
        round.failed(after.kind, down=down)
    return done


def entry_point(name: str) -> Type[PackAction]:
    """The class of an action, by its name in `dead_letters.ACTIONS`."""
    module, cls, _ = ACTIONS[name]
    found: Type[PackAction] = getattr(import_module(module), cls)
    return found


def _begin(context: Context, one: Letter) -> None:
    """An act has no key that the other side knows: that it was begun must be seen if this run is
    killed."""
    at = times.iso(context.clock())
    reason = (
        f"Replayed by hand at {at}; whether it was done is not known, look at the "
        f"incident first. {one.reason}"
    )
    deadletters.save(context.store, one._replace(reason=reason), context.clock())


def _params(context: Context, one: Letter) -> Dict[str, Any]:
    if one.action != "chat_handle":
        return one.params
    return {"order": {**one.params["order"], "valid_until": context.clock() + ACT_LASTS}}
