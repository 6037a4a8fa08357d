"""posts.reconcile: what PagerDuty says now against what is posted; what is missing or outdated is
put right."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.card_action import CardAction

RECORD = "reconcile.run"
APART = 150.0
"""Seconds: the sensor's heartbeat and the timer that doubles it are five minutes apart each."""
FULL_EVERY = 12


class PostsReconcile(CardAction):
    def act(self, source: Optional[str] = "", full: Optional[bool] = None) -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.stackstorm.rules_api import all_rules
        from pagerduty_mattermost.operations.reconcile import Reconciler, sensors_state
        from pagerduty_mattermost.sensor.heartbeat import note_timer

        now = self.context.clock()
        if source == "timer":
            note_timer(self.context.store, now)
        idle = self.idle({"source": source} if source else None)
        if idle:
            return idle
        before = self.context.store.read(RECORD)
        before = before if isinstance(before, dict) else {}
        if source and abs(now - _number(before.get("at"))) < APART:
            return {"done": "too_soon", "message": "It ran a moment ago."}
        state = sensors_state(self.context)
        if state is None:
            return {
                "done": "not_started",
                "message": "The incident sensor has not started yet: nothing is posted.",
            }
        number = int(_number(before.get("number"))) + 1
        whole = full is True or number % FULL_EVERY == 0
        self.context.store.write(RECORD, {**before, "at": now, "number": number})
        reconciler = Reconciler(self.context, lambda: all_rules(self.action_service))
        done = reconciler.run(state, _number(before.get("cursor")), full=whole)
        self.context.store.write(
            RECORD,
            {"at": now, "number": number, "cursor": done.cursor, "ended": self.context.clock()},
        )
        for problem in done.problems:
            self.context.log.warning("Not put right: %s", problem)
        words = (
            "All is as it should be."
            if not done.jobs
            else f"Put right: {done.put_right} cards, {done.replies} replies."
        )
        left = f" Left for the next run: {done.left}." if done.left else ""
        return {"done": "done", "full": whole, **done._asdict(), "message": words + left}


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0
