"""`/st2` without StackStorm: the pack's own aliases run, all else is refused by name."""

from __future__ import annotations

import time
from typing import Any, Dict, List, Mapping

from chatops_case import ChatopsCase
from pack_files import ROOT

from standalone.alias_api import AliasApi
from standalone.journal import Execution, new_id
from standalone.metadata import load_pack


class EmbeddedTestCase(ChatopsCase):
    __test__ = True

    def own_settings(self) -> Dict[str, Any]:
        return {}

    def furnish(self) -> None:
        self.runs: List[Dict[str, Any]] = []
        self.outcome: Any = ("succeeded", {"result": {"message": "2 incidents are open."}})
        pack = load_pack(ROOT)
        api = AliasApi(pack.ref, pack.aliases, pack.actions, lambda name: None, self.run_action)
        self.sensor_service.alias_api = api.call

    def run_action(
        self, ref: str, parameters: Mapping[str, Any], user: str, context: Mapping[str, Any]
    ) -> Execution:
        self.runs.append({"ref": ref, "user": user, **parameters})
        status, result = self.outcome
        done = Execution(new_id(), ref, parameters, context, status=status, result=result)
        now = time.time()
        return done._replace(started_at=now, finished_at=now)

    def test_the_packs_own_aliases_run_as_who_typed(self) -> None:
        self.say("list incidents on Database")
        self.told("2 incidents are open.")
        (run,) = self.runs
        assert (run["ref"], run["user"]) == ("pagerduty.chat.run", "ada")
        assert (run["verb"], run["service"]) == ("list", "Database")
        self.nothing_left()

    def test_what_fails_is_said(self) -> None:
        self.outcome = ("failed", {"result": "PagerDuty does not answer", "stderr": ""})
        self.say("list incidents")
        self.told("PagerDuty does not answer")

    def test_other_packs_phrases_are_refused_by_name(self) -> None:
        self.say("pack get core")
        assert "this runs without StackStorm" in self.told_alone("`pack get core` was not run")
        assert not self.runs

    def test_help_lists_the_packs_own(self) -> None:
        self.say("help list incidents")
        assert "list incidents" in self.told_alone("What you may run here")

    def test_help_lists_each_phrase_once(self) -> None:
        """There are more aliases than StackStorm gives at once."""
        self.say("help list")
        told = self.told_alone("What you may run here")
        lines = [line for line in told.splitlines() if line.startswith("- ")]
        assert len(lines) == len(set(lines)) > 5

    def test_it_needs_an_allow_list_as_any_one_account(self) -> None:
        self.chatops = {}
        self.start()
        self.say("list incidents")
        self.told_alone("chatops.allow names none")
        assert not self.runs

    def test_the_round_asks_for_no_inquiries(self) -> None:
        self.bridge._answers.tend()
        assert self.bridge._answers._api is None

    def test_what_needs_stackstorm_answers_so(self) -> None:
        assert self.sensor_service.alias_api("GET", "/inquiries")[0] == 404
