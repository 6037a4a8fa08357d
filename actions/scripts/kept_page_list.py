"""kept_page.list: what was triggered and PagerDuty has not taken yet."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class KeptPageList(PackAction):
    def act(self) -> Dict[str, Any]:
        from pagerduty_mattermost.core import times
        from pagerduty_mattermost.oncall import kept_pages, page_texts

        context = self.context
        pages, now = kept_pages.waiting(context.store), context.clock()
        zone = times.zone(context.settings.time_zone)
        return {
            "pages": [
                kept_pages.row(one, kept_pages.taken(context.store, one.id)) for one in pages
            ],
            "message": page_texts.listed(pages, zone, now),
        }
