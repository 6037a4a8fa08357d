"""Stand-in: what the mock action service and the mock sensor service share (see
standalone/shims/README.md)."""

from __future__ import annotations

from logging import RootLogger
from typing import Any, Dict, List, Optional
from unittest.mock import Mock

from st2tests.mocks.datastore import MockDatastoreService


class Wrapper:
    """Stands for the process that would run the class on StackStorm."""

    def __init__(self, pack: str, class_name: str) -> None:
        self._pack = pack
        self._class_name = class_name


class MockService:
    """The datastore's methods over a `MockDatastoreService`, and a mock logger to make assertions
    on."""

    def __init__(self, wrapper: Wrapper) -> None:
        self._logger = Mock(spec=RootLogger)
        self._datastore_service = MockDatastoreService(
            logger=self._logger, pack_name=wrapper._pack, class_name=wrapper._class_name
        )

    @property
    def datastore_service(self) -> MockDatastoreService:
        return self._datastore_service

    def get_user_info(self) -> Dict[str, Any]:
        return self.datastore_service.get_user_info()

    def list_values(
        self,
        local: bool = True,
        prefix: Optional[str] = None,
        limit: Optional[int] = None,
        offset: Optional[int] = None,
    ) -> List[Any]:
        return list(
            self.datastore_service.list_values(
                local=local, prefix=prefix, limit=limit, offset=offset
            )
        )

    def get_value(
        self, name: str, local: bool = True, scope: str = "st2kv.system", decrypt: bool = False
    ) -> Any:
        return self.datastore_service.get_value(
            name=name, local=local, scope=scope, decrypt=decrypt
        )

    def set_value(
        self,
        name: str,
        value: Any,
        ttl: Optional[int] = None,
        local: bool = True,
        scope: str = "st2kv.system",
        encrypt: bool = False,
    ) -> bool:
        return self.datastore_service.set_value(
            name=name, value=value, ttl=ttl, local=local, scope=scope, encrypt=encrypt
        )

    def delete_value(self, name: str, local: bool = True, scope: str = "st2kv.system") -> bool:
        return self.datastore_service.delete_value(name=name, local=local, scope=scope)
