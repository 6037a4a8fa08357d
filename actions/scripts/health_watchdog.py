"""health.watchdog: tells in the operations channel when the incident sensor is silent, and when it
is back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction

if TYPE_CHECKING:
    from pagerduty_mattermost.operations.watchdog import Notice

RECORD = "watchdog"


class HealthWatchdog(PackAction):
    def act(
        self, died: Optional[str] = "", exit_code: Optional[int] = None, at: Optional[int] = None
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.operations import watchdog

        idle = self.not_configured()
        if idle:
            return idle
        if died:
            notice = watchdog.died(died, exit_code, at)
            self._tell(notice)
            return {"done": "told", "message": notice.text}
        now = self.context.clock()
        before = watchdog.watched_of(self.context.store.read(RECORD))
        watch = self.context.settings.watch
        interval = max(
            watch.poll_interval,
            watch.poll_interval_with_webhook if self.context.settings.webhook.port else 0,
        )
        after, notice = watchdog.judge(
            before, self.context.store.read("sensor.heartbeat"), now, float(interval)
        )
        if notice is not None:
            # Told first, by a key: a run that is killed in between tells nothing twice.
            self._tell(notice)
        if after != before:
            self.context.store.write(RECORD, after._asdict())
        return {
            "done": "told" if notice else "quiet",
            "message": notice.text if notice else "Nothing to tell.",
        }

    def _tell(self, notice: Notice) -> None:
        self.context.channels.using(
            ":operations", lambda ref: self.context.post_once(ref.id, notice.text, key=notice.key)
        )
