"""Dead letters carried out again, by the timer (`mattermost.catch_up`) or by hand
(`deadletter.replay`)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RetryLater
from pagerduty_mattermost.operations import dead_letters as deadletters
from pagerduty_mattermost.operations.dead_letters import ACT, ACTIONS, Letter, kind_of
from pagerduty_mattermost.operations.replay_order import Round, postponed

if TYPE_CHECKING:
    from pagerduty_mattermost.action_bases.pack_action import PackAction

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
    began = action.monotonic()
    round = Round(letters, action.clock(), by_hand=by_hand)
    done: List[Replayed] = []
    while action.monotonic() - began <= SECONDS:
        one = round.next()
        if one is None:
            break
        if one.kind == ACT:
            _begin(action, one)
        again = action.entry(one.action)
        try:
            left = again.unfinished(again.act(**_params(action, one)))
            if left is not None:
                raise left
            problem, kind, down = "", one.kind, False
        except PackError as error:
            problem, kind = action._one_line(str(error)), kind_of(error)
            down = isinstance(error, RetryLater) or error.status == 401
        except Exception as error:  # noqa: BLE001 - one that can't be done must not hold up the others
            problem, kind, down = action.unexpected(error), deadletters.PERMANENT, False
        action.take_back(again)
        if not problem:
            deadletters.drop(action.store, one)
            done.append(Replayed(one))
            round.done()
            continue
        after = postponed(one, ACT if one.kind == ACT else kind, problem, action.clock())
        deadletters.save(action.store, after, action.clock())
        done.append(Replayed(one, problem, after))
        round.failed(after.kind, down=down)
    return done


def _begin(action: PackAction, one: Letter) -> None:
    """An act has no key that the other side knows: that it was begun must be seen if this run is
    killed."""
    at = times.iso(action.clock())
    reason = (
        f"Replayed by hand at {at}; whether it was done is not known, look at the "
        f"incident first. {one.reason}"
    )
    deadletters.save(action.store, one._replace(reason=reason), action.clock())


def _params(action: PackAction, one: Letter) -> Dict[str, Any]:
    if one.action != "chat_handle":
        return one.params
    return {"order": {**one.params["order"], "valid_until": action.clock() + ACT_LASTS}}


def entry_point(name: str) -> Any:
    """The class of a key of ACTIONS."""
    module, cls, _ = ACTIONS[name]
    return getattr(import_module(module), cls)
