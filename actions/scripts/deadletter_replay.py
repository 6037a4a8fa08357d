"""deadletter.replay: dead letters carried out again by hand."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.text import listed


class DeadletterReplay(PackAction):
    def act(self, ids: Optional[List[str]] = None, all: Optional[bool] = False) -> Dict[str, Any]:
        from pagerduty_mattermost.action_bases.replay import replay
        from pagerduty_mattermost.operations import dead_letter_view as letter_list
        from pagerduty_mattermost.operations import dead_letters as deadletters

        found = deadletters.letters(self.context.store, self.context.log)
        chosen, missing = letter_list.picked(found, listed(ids), bool(all), acts=False)
        done = {one.letter.id: one for one in replay(self, chosen, by_hand=True)}
        results = [self._result(one, done.get(one.id)) for one in chosen]
        results += [
            {"id": id, "done": "not_found", "message": "No dead letter has this id."}
            for id in missing
        ]
        count = sum(one["done"] == "replayed" for one in results)
        failed = next((one["message"] for one in results if one["done"] == "failed"), "")
        acts = len(found) - len(chosen) if all else 0
        told = f"{count} of {len(results)} replayed."
        told += (
            f" Left out as acts from chat: {acts}; look at their incidents, then give their ids."
            if acts
            else ""
        )
        told += f" The first that failed: {failed}" if failed else ""
        return {"letters": results, "replayed": count, "message": told}

    def _result(self, one: Any, replayed: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.operations import dead_letter_view as letter_list

        given = {"id": one.id, "incident_id": one.incident, "warning": letter_list.warning(one)}
        if replayed is None:
            return {
                **given,
                "done": "not_tried",
                "message": "Not tried: what has to come before it failed.",
            }
        if replayed.problem:
            return {**given, "done": "failed", "message": replayed.problem}
        return {**given, "done": "replayed", "message": "Carried out."}
