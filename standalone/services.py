"""What actions and sensors are handed: `action_service` and `sensor_service`, with StackStorm's
methods."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, List, Mapping, Optional, Sequence

from standalone.datastore import DatastoreService, KeyValuePair
from standalone.dispatching import Transport, TriggerDispatcher
from standalone.pack_model import Rule
from standalone.paths import shown


class ProcessWrapper:
    """What StackStorm's base classes read about the process around them."""

    def __init__(self, pack: str, class_name: str, log_level: str) -> None:
        self._pack = pack
        self._class_name = class_name
        self._log_level = log_level


class RuleManager:
    """`client.rules` of StackStorm's API client."""

    def __init__(self, rules: Mapping[str, Rule], folders: Sequence[Path] = ()) -> None:
        self._rules = rules
        mine = [f"those in {shown(path)}" for path in folders]
        self.source = " and ".join(["the pack's rules", *mine])
        """Where they come from, for people."""

    def get_all(self, **_: Any) -> List[Rule]:
        """Every rule, enabled or not: objects with ref, name, pack, enabled, trigger, criteria,
        action."""
        return list(self._rules.values())

    def query(self, trigger: str, **_: Any) -> List[Rule]:
        """The rules on one trigger."""
        return [rule for rule in self._rules.values() if rule.trigger["type"] == trigger]


class ApiClient:
    """As much of StackStorm's API client as the pack uses."""

    def __init__(
        self, rules: Mapping[str, Rule], folders: Sequence[Path] = (), own_aliases: Any = None
    ) -> None:
        self.rules = RuleManager(rules, folders)
        self.own_aliases = own_aliases
        """Answers as StackStorm's API for the pack's own aliases (`alias_api.AliasApi.call`)."""


class _Service:
    def __init__(self, datastore: DatastoreService) -> None:
        self._datastore_service = datastore

    @property
    def datastore_service(self) -> DatastoreService:
        return self._datastore_service

    def get_user_info(self) -> Any:
        return self.datastore_service.get_user_info()

    def list_values(
        self,
        local: bool = True,
        prefix: Optional[str] = None,
        limit: Optional[int] = None,
        offset: Optional[int] = None,
    ) -> List[KeyValuePair]:
        return self.datastore_service.list_values(
            local=local, prefix=prefix, limit=limit, offset=offset
        )

    def get_value(
        self, name: str, local: bool = True, scope: str = "st2kv.system", decrypt: bool = False
    ) -> Optional[str]:
        return self.datastore_service.get_value(
            name=name, local=local, scope=scope, decrypt=decrypt
        )

    def set_value(
        self,
        name: str,
        value: Any,
        ttl: Optional[float] = None,
        local: bool = True,
        scope: str = "st2kv.system",
        encrypt: bool = False,
    ) -> bool:
        return self.datastore_service.set_value(
            name=name, value=value, ttl=ttl, local=local, scope=scope, encrypt=encrypt
        )

    def delete_value(self, name: str, local: bool = True, scope: str = "st2kv.system") -> bool:
        return self.datastore_service.delete_value(name=name, local=local, scope=scope)


class ActionService(_Service):
    """Handed to an action."""

    def __init__(
        self,
        datastore: DatastoreService,
        wrapper: ProcessWrapper,
        *,
        by_hand: bool = False,
        execution_id: str = "",
        rule_ref: str = "",
    ) -> None:
        super().__init__(datastore)
        self._action_wrapper = wrapper
        self.by_hand = by_hand
        """Somebody runs the action in a shell, and reads there what goes wrong."""
        self.execution_id = execution_id
        """The same when it is run again after a restart."""
        self.rule_ref = rule_ref
        """Of the rule that started the execution; empty where none did."""


class SensorService(_Service):
    """Handed to a sensor."""

    def __init__(
        self,
        datastore: DatastoreService,
        wrapper: ProcessWrapper,
        transport: Transport,
        alias_api: Any = None,
    ) -> None:
        super().__init__(datastore)
        self.alias_api = alias_api
        """Answers as StackStorm's API for the pack's own aliases (`alias_api.AliasApi.call`)."""
        self._sensor_wrapper = wrapper
        self._logger = logging.getLogger(f"sensor.{wrapper._class_name}")
        self._dispatcher = TriggerDispatcher(self._logger, transport)

    @property
    def _trigger_dispatcher_service(self) -> TriggerDispatcher:
        return self._dispatcher

    @_trigger_dispatcher_service.setter
    def _trigger_dispatcher_service(self, _: Any) -> None:
        """A sensor that sees a dispatch fail replaces the dispatcher. This one holds no
        connection: it stays."""

    def get_logger(self, name: str) -> logging.Logger:
        """A logger of the sensor's own; one named as its class is the sensor's."""
        return (
            self._logger
            if name == self._sensor_wrapper._class_name
            else self._logger.getChild(name)
        )

    def dispatch(self, trigger: str, payload: Any = None, trace_tag: Optional[str] = None) -> None:
        self._dispatcher.dispatch(trigger, payload, trace_tag)

    def dispatch_with_context(
        self, trigger: str, payload: Any = None, trace_context: Any = None
    ) -> None:
        self._dispatcher.dispatch_with_context(trigger, payload, trace_context)
