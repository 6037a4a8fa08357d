"""mattermost.catch_up: dead letters that can be posted again without a hand, now that the other side is back."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_base import PackAction


class CatchUp(PackAction):
    def act(self) -> Dict[str, Any]:
        from pagerduty_mattermost import deadletters
        from pagerduty_mattermost.letter_round import is_tried
        from pagerduty_mattermost.replaying import replay

        found = deadletters.letters(self.store, self.log)
        kept = deadletters.make_room(self.store, found, deadletters.LIMIT, self.log)
        done = replay(self, kept, by_hand=False)
        gone = {one.letter.id for one in done if not one.problem}
        left = [one for one in kept if one.id not in gone]
        waiting = sum(is_tried(one, self.clock()) for one in left)
        if len(left) >= deadletters.ALARM:
            self.complain(
                "deadletters",
                f"{len(left):,} posts and acts have failed and are kept, of {deadletters.LIMIT:,} at most; then the "
                f"oldest "
                "are dropped. `st2 run pagerduty.deadletter.list` tells why; `deadletter.replay` or `deadletter.drop` "
                "them.",
            )
        words = (
            "Nothing was waiting." if not gone and not waiting else f"Caught up: {len(gone)}; still waiting: {waiting}."
        )
        return {
            "caught_up": len(gone),
            "waiting": waiting,
            "by_hand": len(left) - waiting,
            "dropped": len(found) - len(kept),
            "message": words,
        }
