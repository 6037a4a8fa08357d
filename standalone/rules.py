"""Which rules a trigger fires, and what each of them has an action do. Pure but for the datastore
in templates."""

# flake8: noqa: E501

from __future__ import annotations

import logging
import time
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple

from pagerduty_mattermost.gateways.stackstorm import rule_criteria
from standalone.journal import Execution, new_id
from standalone.pack_model import Pack, Rule
from standalone.parameters import BadParameters, action_arguments, resolve
from standalone.templates import Lookup, datastore_context

LOG = logging.getLogger("standalone")

SYSTEM_USER = "standalone"
"""Who a rule's actions run as."""


class Planner:
    """Makes executions. `config()` is the pack's configuration for `config_context`; `lookup`
    reads the datastore."""

    def __init__(
        self,
        pack: Pack,
        config: Callable[[], Mapping[str, Any]],
        lookup: Lookup,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._pack = pack
        self._config = config
        self._lookup = lookup
        self._clock = clock

    def matching(self, trigger_ref: str, payload: Mapping[str, Any]) -> List[Rule]:
        """The enabled rules on this trigger whose criteria it meets, in the order of their
        names."""
        found = []
        for rule in sorted(self._pack.rules.values()):
            if not rule.enabled or rule.trigger["type"] != trigger_ref:
                continue
            try:
                if rule_criteria.matches(rule.criteria, payload, self._clock):
                    found.append(rule)
            except Exception as error:  # noqa: BLE001 - one rule's mistake must not stop the others, nor the sensor
                LOG.error("Rule %s: its criteria can't be checked: %s", rule.ref, error)
        return found

    def plan(
        self, rules: Iterable[Rule], payload: Any, instance_id: str, trace_tag: Optional[str]
    ) -> List[Execution]:
        """One execution a rule; one whose parameters can't be made has failed already, as on
        StackStorm."""
        return [self._execution(rule, payload, instance_id, trace_tag) for rule in rules]

    def _execution(
        self, rule: Rule, payload: Any, instance_id: str, trace_tag: Optional[str]
    ) -> Execution:
        context = {
            "trigger_instance": instance_id,
            "rule": rule.ref,
            "user": SYSTEM_USER,
            "pack": self._pack.ref,
            "trace_tag": trace_tag,
        }
        execution = Execution(
            id=new_id(),
            action_ref=rule.action["ref"],
            parameters={},
            context=context,
            lane=trace_tag or None,
        )
        try:
            given = rule.action["parameters"]
            parameters, timeout = self.arguments(
                rule.action["ref"], given, context, {"trigger": payload}
            )
        except BadParameters as error:
            LOG.error("Rule %s: %s does not run: %s", rule.ref, rule.action["ref"], error)
            now = self._clock()
            result = {"error": str(error)}
            return execution._replace(
                status="failed", started_at=now, finished_at=now, result=result
            )
        return execution._replace(parameters=parameters, context={**context, "timeout": timeout})

    def arguments(
        self,
        action_ref: str,
        given: Mapping[str, Any],
        action_context: Mapping[str, Any],
        more: Mapping[str, Any],
    ) -> Tuple[Dict[str, Any], float]:
        """What the action's `run` gets, and how many seconds it may take. Raises BadParameters."""
        action = self._pack.actions[action_ref]
        if not action.enabled:
            raise BadParameters(f"the action {action_ref} is disabled")
        context = {
            "st2kv": datastore_context(self._lookup),
            "action_context": action_context,
            "config_context": self._config(),
            **more,
        }
        resolved = resolve(action.parameters, given, context)
        return action_arguments(action.parameters, resolved), float(resolved["timeout"])
