"""A swap is taken: whoever was first gets the shift by an override; and what nobody took, or could
not be made, is told before the shift.

    take(context, key, person)              # -> SwapAnswer(taker, already, ...)
    look_after(context, now)                # in each look of the watch

The reply that says who was first stands before the override is made, so one whose process was
killed in between is made by the next look, or when they press again: PagerDuty is looked at first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pagerduty_mattermost.core.errors import PackError, RejectedInput, StoreUnreachable
from pagerduty_mattermost.core.text import escape
from pagerduty_mattermost.gateways.mattermost.post_once import known
from pagerduty_mattermost.gateways.pagerduty import schedules
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.oncall import bulk_overrides, swaps
from pagerduty_mattermost.oncall.swaps import AskedSwap, Settled

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

TOLD_BEFORE_SECONDS = 3600.0
"""Before the shift, when it is told that it stays whose it is."""


class SwapAnswer(NamedTuple):
    """What came of accepting one."""

    swap: AskedSwap
    taker: str
    """Name of who has it; empty where it was withdrawn."""
    already: bool
    """Whether somebody else was first, or this person had it before."""
    undo: str = ""
    """What `/pd override cancel` takes."""


def take(context: Context, key: str, person: Reference) -> SwapAnswer:
    """Raises NotFound for one that is over, RejectedInput for one's own, and what keeps the
    override from being made: whoever was first presses again."""
    one = swaps.asked(context, key)
    if person.id == one.asker_id:
        raise RejectedInput("it is your own shift: `/pd swap cancel` withdraws the question")
    if context.clock() >= one.start and not one.settled:
        raise RejectedInput("the shift has begun: `/pd take` takes over what is left of it")
    said = swaps.settle(context, one, _first(context, one, person.name), person)
    if said.taker.id != person.id or one.made:
        return SwapAnswer(one, said.taker.name, True)
    if not (said.own or one.failed or said.old):
        return SwapAnswer(one, said.taker.name, True)  # another click of theirs is at it
    return _make(context, one, said)


def _first(context: Context, one: AskedSwap, name: str) -> str:
    shift = swaps.shown(context, one)
    return (
        f":hourglass_flowing_sand: {swaps.who(name)} is first to take {shift}: the override is "
        "being made."
    )


def _make(context: Context, one: AskedSwap, said: Settled) -> SwapAnswer:
    """The override; what became of it stands in the reply, and who asked hears."""
    one, taker, now = swaps.with_answer(one, said), said.taker, context.clock()
    name, shift = swaps.who(taker.name), swaps.shown(context, one)
    try:
        undo = _override(context, one, taker)
    except StoreUnreachable:
        raise
    except PackError as error:
        swaps.write(context.store, one._replace(failed=True), now)
        why = escape(context.line_in_chat(error))
        text = (
            f":warning: {name} was first to take {shift}, but the override could not be made: "
            f"{why}. It is still {swaps.who(one.asker)}'s until {name} presses again."
        )
        _say(context, one, text, f"swap failed {one.key}")
        raise
    text = f":white_check_mark: {name} takes {shift}."
    _say(context, one, text, "")
    swaps.close(context, one, text)
    swaps.write(context.store, one._replace(made=True, failed=False), now)
    return SwapAnswer(one, taker.name, not undo, undo)


def _override(context: Context, one: AskedSwap, taker: Reference) -> str:
    """What undoes it; empty where PagerDuty has it already. Raises RejectedInput where the shift
    is neither's any more."""
    found = {
        one.schedule_id: schedules.read(context.pagerduty, one.schedule_id, one.start, one.end)
    }
    left = bulk_overrides.own_shifts(found, one.asker_id, taker.id, one.start, one.end)
    theirs = bulk_overrides.own_shifts(found, taker.id, "", one.start, one.end)
    if not left and not theirs:
        raise RejectedInput(f"{one.asker} does not have the shift any more: nothing was changed")
    made = bulk_overrides.give_shifts(context.pagerduty, left, one.asker_id, taker)
    for outcome in made:
        if outcome.error is not None:
            raise outcome.error
    return ", ".join(outcome.id for outcome in made)


def _say(context: Context, one: AskedSwap, text: str, key: str) -> None:
    """In the reply; with a key to who asked as well. Failing is logged."""
    try:
        context.mattermost.patch_post(one.reply_id, message=text)
        if key:
            swaps.tell_asker(context, one, text, key)
    except StoreUnreachable:
        raise
    except PackError as error:
        context.log.warning("What became of a swap is not shown: %s", error)


def look_after(context: Context, now: float) -> int:
    """Overrides that were not made since a process was killed are made; of those that nobody took,
    or that could not be made, it is told before the shift, once each, that it stays whose it is;
    how many. Raises the store's errors."""
    count = 0
    for one in swaps.unfinished(context.store, now):
        if not one.post_id:
            continue
        try:
            count += _look_after(context, one, now)
        except StoreUnreachable:
            raise
        except PackError as error:
            context.log.warning("The next poll sees to a swap: %s", error)
    return count


def _look_after(context: Context, one: AskedSwap, now: float) -> int:
    due = max(one.start - TOLD_BEFORE_SECONDS, (one.asked_at + one.start) / 2)
    is_due = due <= now < one.start
    said = swaps.settled_already(context, one) if not one.failed else None
    if said is not None and said.taker.id and said.old:
        _make(context, one, said)
        return 0
    if not is_due or said is not None:
        return 0
    key = f"swap untaken {one.key}"
    if known(context.store, one.channel_id, key) is not None:
        return 0
    shift, asker = swaps.shown(context, one), swaps.who(one.asker)
    text = f":warning: Nobody has taken {shift}: it stays {asker}'s."
    if one.failed:
        text = f":warning: {swaps.who(one.taker)} could not take {shift}: it stays {asker}'s."
    swaps.tell_asker(context, one, text, key)
    context.post_once(one.channel_id, text, key=key, root_id=one.post_id)
    return 1
