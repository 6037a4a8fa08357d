"""deadletter.drop: dead letters forgotten by hand."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.text import listed


class DeadletterDrop(PackAction):
    def act(self, ids: Optional[List[str]] = None, all: Optional[bool] = False) -> Dict[str, Any]:
        from pagerduty_mattermost.core import times
        from pagerduty_mattermost.operations import (
            dead_letter_view,
            dead_letters,
            ended_letters,
        )

        store, log = self.context.store, self.context.log
        found = dead_letters.load_all(store, log)
        ends = ended_letters.told(store, times.zone(self.context.settings.time_zone))
        chosen, missing = dead_letter_view.picked(
            found, listed(ids), bool(all), acts=True, ends=ends
        )
        for one in chosen:
            log.info("Dropped by hand: %s", dead_letters.log_line(one))
            dead_letters.drop(store, one)
        now, gone = self.context.clock(), [one.id for one in chosen]
        ended_letters.note(store, gone, ended_letters.DROPPED, now, log)
        return dead_letter_view.dropped(chosen, missing, ends)
