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
        gone = sum(not one.problem for one in done)
        after = {one.letter.id: one.after for one in done}
        left = [one for one in (after.get(one.id, one) for one in kept) if one is not None]
        waiting = sum(is_tried(one, self.clock()) for one in left)
        if len(left) >= deadletters.ALARM:
            self.complain(
                "deadletters",
                f"{len(left):,} posts and acts have failed and are kept, of {deadletters.LIMIT:,} at most; beyond that "
                "the oldest are dropped. `st2 run pagerduty.deadletter.list` tells why; replay or drop them.",
            )
        told = f"Caught up: {gone}; still waiting: {waiting}." if gone or waiting else "Nothing was waiting."
        return {
            "caught_up": gone,
            "waiting": waiting,
            "by_hand": len(left) - waiting,
            "dropped": len(found) - len(kept),
            "message": told,
        }
