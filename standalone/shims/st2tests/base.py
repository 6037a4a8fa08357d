"""Stand-in: the base classes of a pack's tests (see standalone/shims/README.md). They need no
server and no network."""

# flake8: noqa: W503

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, Dict, List, Optional
from unittest import TestCase

from st2common.runners.utils import get_action_class_instance

from st2tests.mocks.action import MockActionService, MockActionWrapper
from st2tests.mocks.sensor import MockSensorService, MockSensorWrapper
from standalone.alias_format import ActionAlias, ParseError, extract_parameters
from standalone.yaml_file import read_yaml

__all__ = ["BaseActionAliasTestCase", "BaseActionTestCase", "BaseSensorTestCase"]


class BasePackResourceTestCase(TestCase):
    """Finds the pack: the folder above the test's own."""

    def get_fixture_content(self, fixture_path: str) -> str:
        """Text of a file in tests/fixtures/."""
        return (Path(self._get_base_pack_path()) / "tests" / "fixtures" / fixture_path).read_text(
            encoding="utf-8"
        )

    def _get_base_pack_path(self) -> str:
        return str(Path(inspect.getfile(type(self))).resolve().parent.parent)


class BaseActionTestCase(BasePackResourceTestCase):
    """Tests of one action class; `self.action_service` is fresh in each test."""

    action_cls: Any = None

    def setUp(self) -> None:
        super().setUp()
        self.action_service = MockActionService(
            MockActionWrapper(pack="tests", class_name=self.action_cls.__name__)
        )

    def get_action_instance(self, config: Optional[Dict[str, Any]] = None) -> Any:
        """The action as the runner would make it."""
        return get_action_class_instance(
            action_cls=self.action_cls, config=config, action_service=self.action_service
        )


class BaseSensorTestCase(BasePackResourceTestCase):
    """Tests of one sensor class; `self.sensor_service` is fresh in each test."""

    sensor_cls: Any = None

    def setUp(self) -> None:
        super().setUp()
        self.sensor_service = MockSensorService(
            MockSensorWrapper(pack="tests", class_name=self.sensor_cls.__name__)
        )

    def get_sensor_instance(
        self, config: Optional[Dict[str, Any]] = None, poll_interval: Optional[float] = None
    ) -> Any:
        """The sensor as the sensor container would make it."""
        arguments: Dict[str, Any] = {"sensor_service": self.sensor_service}
        if config:
            arguments["config"] = config
        if poll_interval is not None:
            arguments["poll_interval"] = poll_interval
        return self.sensor_cls(**arguments)

    def get_dispatched_triggers(self) -> List[Dict[str, Any]]:
        return self.sensor_service.dispatched_triggers

    def get_last_dispatched_trigger(self) -> Dict[str, Any]:
        return self.sensor_service.dispatched_triggers[-1]

    def assertTriggerDispatched(  # noqa: N802
        self, trigger: str, payload: Any = None, trace_context: Any = None
    ) -> bool:
        """Some dispatch was of this trigger, and of this payload and trace where they are
        given."""
        for item in self.get_dispatched_triggers():
            if (
                item["trigger"] == trigger
                and (not payload or item["payload"] == payload)
                and (not trace_context or item["trace_context"] == trace_context)
            ):
                return True
        raise AssertionError(f'Trigger "{trigger}" hasn\'t been dispatched')


class BaseActionAliasTestCase(BasePackResourceTestCase):
    """Tests of one alias, found by its name in the pack's aliases/."""

    action_alias_name: Any = None
    action_alias_db: Any = None

    def setUp(self) -> None:
        super().setUp()
        if not self.action_alias_name:
            raise ValueError('"action_alias_name" class attribute needs to be provided')
        self.action_alias_db = self._get_action_alias_db_by_name(self.action_alias_name)

    def assertCommandMatchesExactlyOneFormatString(  # noqa: N802
        self, format_strings: List[str], command: str
    ) -> None:
        """One of the formats takes the command, the others do not."""
        matched = []
        for format_string in format_strings:
            try:
                extract_parameters(format_string, command)
            except ParseError:
                continue
            matched.append(format_string)
        if not matched:
            raise AssertionError(
                f'Command "{command}" didn\'t match any of the provided format strings'
            )
        if len(matched) > 1:
            raise AssertionError(
                'Command "{}" matched multiple format strings: {}'.format(
                    command, ", ".join(matched)
                )
            )

    def assertExtractedParametersMatch(  # noqa: N802
        self, format_string: str, command: str, parameters: Dict[str, Any]
    ) -> None:
        """The format is the alias's own, and takes exactly these parameters out of the command."""
        if format_string not in self.action_alias_db.get_format_strings():
            raise ValueError(
                f'Format string "{format_string}" is not available on the alias '
                f'"{self.action_alias_db.name}"'
            )
        extracted = extract_parameters(format_string, command)
        message = (
            f'Extracted parameters from "{command}" with format "{format_string}" are '
            "not the expected ones"
        )
        self.assertEqual(extracted, parameters, message)  # noqa: PT009

    def _get_action_alias_db_by_name(self, name: str) -> ActionAlias:
        folder = Path(self._get_base_pack_path()) / "aliases"
        for path in sorted(folder.glob("*.yaml")):
            data = read_yaml(path)
            if data.get("name") == name:
                return ActionAlias.from_metadata(data)
        raise ValueError(f'Alias with name "{name}" not found')
