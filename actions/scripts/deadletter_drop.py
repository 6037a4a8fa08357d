"""deadletter.drop: dead letters forgotten by hand."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.text import listed


class DeadletterDrop(PackAction):
    def act(self, ids: Optional[List[str]] = None, all: Optional[bool] = False) -> Dict[str, Any]:
        from pagerduty_mattermost.operations import dead_letter_view as letter_list
        from pagerduty_mattermost.operations import dead_letters as deadletters

        chosen, missing = letter_list.picked(
            deadletters.letters(self.context.store, self.context.log),
            listed(ids),
            bool(all),
            acts=True,
        )
        for one in chosen:
            self.context.log.info("Dropped by hand: %s", deadletters.told(one))
            deadletters.drop(self.context.store, one)
        absent = f" No dead letter: {', '.join(missing)}." if missing else ""
        return {
            "dropped": [one.id for one in chosen],
            "not_found": missing,
            "message": f"{len(chosen)} dropped.{absent}",
        }
