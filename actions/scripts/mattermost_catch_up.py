"""mattermost.catch_up: dead letters that can be posted again without a hand, now that the other
side is back."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class CatchUp(PackAction):
    def act(self) -> Dict[str, Any]:
        from pagerduty_mattermost.action_bases.replay import replay
        from pagerduty_mattermost.operations import dead_letters as deadletters
        from pagerduty_mattermost.operations.replay_order import is_tried

        found = deadletters.letters(self.context.store, self.context.log)
        kept = deadletters.make_room(
            self.context.store, found, deadletters.LIMIT, self.context.log
        )
        done = replay(self, kept, by_hand=False)
        gone = sum(not one.problem for one in done)
        after = {one.letter.id: one.after for one in done}
        left = [one for one in (after.get(one.id, one) for one in kept) if one is not None]
        waiting = sum(is_tried(one, self.context.clock()) for one in left)
        if len(left) >= deadletters.ALARM and not self.not_configured():
            self.context.notify_operators(
                "deadletters",
                f"{len(left):,} posts and acts have failed and are kept, of "
                f"{deadletters.LIMIT:,} at most; beyond that "
                "the oldest are dropped. `st2 run pagerduty.deadletter.list` tells why; "
                "replay or drop them.",
            )
        self._tell_of_unread()
        told = (
            f"Caught up: {gone}; still waiting: {waiting}."
            if gone or waiting
            else "Nothing was waiting."
        )
        return {
            "caught_up": gone,
            "waiting": waiting,
            "by_hand": len(left) - waiting,
            "dropped": len(found) - len(kept),
            "message": told,
        }

    def _tell_of_unread(self) -> None:
        """Once of each: what did not read was made anew, and somebody may want to know what stood
        there."""
        from pagerduty_mattermost.gateways.stackstorm.datastore import PREFIX as OURS
        from pagerduty_mattermost.gateways.stackstorm.quarantine import KEPT, PREFIX

        names = sorted(self.context.store.read_prefix(PREFIX, on_broken=lambda error: None))
        if not names or self.not_configured():
            return
        shown = ", ".join(f"`{OURS}{name}`" for name in names[:5])
        more = ", …" if len(names) > 5 else ""
        text = (
            f"{len(names)} value{'' if len(names) == 1 else 's'} in StackStorm's datastore "
            "did not read (cut, edited, "
            "or of a newer version of the pack). What stood there is kept for 90 days under "
            f"{shown}{more}; the pack went on without."
        )
        self.context.notify_operators(" ".join(["aside", *names]), text, ttl=KEPT)
