"""audit.list: what was done from chat, by whom, and how it ended."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class AuditList(PackAction):
    def act(self, schema: str, **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.action_bases import inputs
        from pagerduty_mattermost.chat import audit

        now = self.context.clock()
        asked = inputs.require(
            inputs.load(schema),
            params,
            inputs.Terms(now, self.context.settings.time_zone),
            self.context.log.warning,
        )
        since, until = (_utc(asked[name]) for name in ("since", "until"))
        user = str(asked.get("user") or "").lstrip("@").casefold()
        acts = audit.entries(self.context.store, self.context.log, since, until)
        found = [one for one in acts if not user or one.chat_user.casefold() == user]
        kept = found[-asked["maximum"] :]
        result: Dict[str, Any] = {
            "entries": [{**one._asdict(), "words": dict(one.words)} for one in kept],
            "truncated": len(kept) < len(found),
        }
        if asked["csv"]:
            result["csv"] = audit.as_csv(kept)
        more = f", the newest of {len(found)}" if len(kept) < len(found) else ""
        result["message"] = f"{len(kept)} acts from chat{more}, from {since} to {until}."
        return result


def _utc(text: str) -> str:
    from pagerduty_mattermost.core import times

    return times.iso(times.seconds(text) or 0)
