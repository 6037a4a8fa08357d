"""Stand-in: see standalone/shims/README.md."""

from st2tests.base import BaseActionAliasTestCase, BaseActionTestCase, BaseSensorTestCase

__all__ = ["BaseActionAliasTestCase", "BaseActionTestCase", "BaseSensorTestCase"]
