"""oncall.today: the day's primary, secondary and whom to escalate to, posted once a day."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.text import listed

MOST = 20


class OnCallToday(PackAction):
    def act(
        self,
        channel: str = "",
        escalation_policies: Any = None,
        services: Any = None,
        schedules: Any = None,
        mention: bool = False,
        time_zone: Optional[str] = "",
    ) -> Dict[str, Any]:
        idle = self.not_configured()
        if idle:
            return idle
        from pagerduty_mattermost.core import times
        from pagerduty_mattermost.gateways.mattermost import post_once as messages
        from pagerduty_mattermost.oncall import rotation

        asked = (
            ("service", listed(services)),
            ("escalation_policy", listed(escalation_policies)),
            ("schedule", listed(schedules)),
        )
        count = sum(len(texts) for _, texts in asked)
        if not 1 <= count <= MOST:
            raise RejectedInput(
                f"Give 1 to {MOST} services, escalation policies and schedules; these are {count}"
            )
        zone = (time_zone or "").strip() or self.context.settings.time_zone
        where = times.zone(zone)
        now = self.context.clock()
        day = rotation.local_day(now, where)
        whose = sorted((kind, text) for kind, texts in asked for text in texts)
        key = f"oncall_today:{day.isoformat()}:{whose}"

        def send(found: Any) -> Any:
            sent = messages.known(self.context.store, found.id, key)
            if sent is None:
                text = self._text(asked, bool(mention), now, day, where, zone)
                sent = self.context.post_once(found.id, text, key=key)
            return found, sent

        posted_in, sent = self.context.channels.using(channel, send)
        return {
            "post_id": sent.post_id,
            "channel_id": sent.channel_id,
            "already": sent.already,
            "date": day.isoformat(),
            "link": messages.link(self.context.mattermost.settings, sent.post_id),
            "message": (
                f"{'Posted before' if sent.already else 'Posted'} in "
                f"{posted_in.label} for {day.isoformat()}."
            ),
        }

    def _text(
        self,
        asked: Sequence[Tuple[str, List[str]]],
        mention: bool,
        now: float,
        day: Any,
        where: Any,
        zone: str,
    ) -> str:
        from pagerduty_mattermost.gateways.pagerduty import on_calls as oncall
        from pagerduty_mattermost.gateways.pagerduty.references import resolve_all
        from pagerduty_mattermost.oncall import targets as oncall_targets
        from pagerduty_mattermost.oncall import today as oncall_today
        from pagerduty_mattermost.oncall.today import Line
        from pagerduty_mattermost.people.accounts import Accounts

        found = {
            kind: resolve_all(self.context.pagerduty, kind, texts)
            for kind, texts in asked
            if texts
        }
        for service in found.get("service", ()):
            if not service.escalation_policy_id:
                raise NotFound(f"the service {service.name!r} has no escalation policy")
        span = {"since": now, "until": now + oncall_today.AHEAD}
        policies = [one.escalation_policy_id for one in found.get("service", ())]
        policies += [one.id for one in found.get("escalation_policy", ())]
        rows = oncall_targets.rows_of(
            self.context.pagerduty, "escalation_policy", list(dict.fromkeys(policies)), **span
        )
        lines = [
            Line(one.name, oncall.paired(rows[one.escalation_policy_id], now))
            for one in found.get("service", ())
        ]
        lines += [
            Line(one.name, oncall.paired(rows[one.id], now))
            for one in found.get("escalation_policy", ())
        ]
        schedules = [one.id for one in found.get("schedule", ())]
        rows = oncall_targets.rows_of(self.context.pagerduty, "schedule", schedules, **span)
        for one in found.get("schedule", ()):
            shifts = oncall.paired(rows[one.id], now) or [
                (oncall.OnCall(1, person), None)
                for person in oncall.on_duty(self.context.pagerduty, one.id, now)
            ]
            lines.append(Line(one.name, shifts, levels=False))
        accounts = Accounts(self.context.mattermost, self.context.store, log=self.context.log)
        return oncall_today.message(
            day, lines, lambda person: accounts.name(person, mention=mention), now, where, zone
        )
