"""Base of the actions that post and repaint cards; and what these return, as `chat.handle` and
`posts.reconcile` do, which repaint cards too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, Optional, Sequence

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.cards.outcome import FAILED, CardOutcome
from pagerduty_mattermost.core.errors import NotFound, PackError

if TYPE_CHECKING:
    from pagerduty_mattermost.incidents.incident import Change


class CardAction(PackAction):
    """Run by a rule for a change, or by a person for an incident."""

    def idle(self, change: Optional[Mapping[str, Any]]) -> Optional[Dict[str, Any]]:
        """The result for a rule's change while Mattermost is not configured at all, else None."""
        return self.not_configured() if change else None

    def follow_room(self, change: Change, outcomes: Sequence[CardOutcome]) -> None:
        """The room of an incident that has one, once its cards were brought up; what that needs is
        imported for no other."""
        if any(one.in_room for one in outcomes):
            from pagerduty_mattermost.exercises.drills import follow

            follow(self.context, change, outcomes)

    def unfinished(self, result: Any) -> Optional[PackError]:
        """A channel that was closed to the bot: what it missed is told when it is open again."""
        problems = [card["problem"] for card in result.get("cards", ()) if card["done"] == FAILED]
        return NotFound(str(problems[0])) if problems else None


def as_results(outcomes: Iterable[CardOutcome]) -> List[Dict[str, Any]]:
    """The outcomes as JSON objects, for an action's result. `in_room` is left out: a reader of the
    result sees by the channel which card is the room's."""
    found = [{**outcome._asdict(), "reply_ids": list(outcome.reply_ids)} for outcome in outcomes]
    return [{name: one[name] for name in one if name != "in_room"} for one in found]


def card_result(incident_id: str, outcomes: List[CardOutcome]) -> Dict[str, Any]:
    """The result of an action: that of the first card, with the others as `cards`."""
    own, *cards = as_results(outcomes)
    return {"incident_id": incident_id, **own, "cards": cards, "message": sentence(outcomes)}


def sentence(outcomes: List[CardOutcome]) -> str:
    """What was done, for people."""
    if not outcomes:
        return "The incident has no card."
    words = {
        "not_started": "no card started",
        "held": "silenced by quiet hours",
        "deleted_by_a_person": "the card was deleted by a person",
        "shelved": "the channel is archived, the card waits for it",
    }
    parts = []
    for outcome in outcomes:
        done = words.get(outcome.done, f"card {outcome.done}")
        replied = len(outcome.reply_ids)
        told = f", {replied} {'reply' if replied == 1 else 'replies'}" if replied else ""
        parts.append(f"{outcome.channel or outcome.channel_id}: {done}{told}")
    failed = [outcome.problem for outcome in outcomes if outcome.done == FAILED]
    return "; ".join(parts) + "." + (f" {failed[0]}" if failed else "")
