"""Executions that go on only when told, from one look outside to the next: at each call of the
datastore and each time that a clock is read, before and after every request. So any of them can
overtake any other, anywhere, or be killed there; one alone runs at a time.

    run = SteppedRun(world, PostIncident, {"change": ...})
    run.go_on(5); run.kill(); run.to_end()
"""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, List, Tuple

from model_world import Killed, World

STUCK_SECONDS = 60.0
ENDLESS = 100_000
"""More looks outside than any execution takes."""


class SteppedRun:
    def __init__(self, world: World, cls: Any, given: Dict[str, Any]) -> None:
        self.cls, self.given = cls, given
        self.results: List[Tuple[bool, Any]] = []
        self.is_over = False
        self._killed = False
        self._go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self._troubles: List[BaseException] = []
        action = cls(dict(world.settings), GatedService(world.service, self._gate))
        action.sleep = self._gated(world.clock.advance)
        action.monotonic = action.clock = self._gated(world.clock)
        self._thread = threading.Thread(target=self._work, args=(action,), daemon=True)
        self._thread.start()

    def go_on(self, looks: int) -> None:
        """So many looks outside further, or to its end."""
        for _ in range(looks):
            if self.is_over:
                break
            self._go.release()
            assert self._stands.acquire(timeout=STUCK_SECONDS), "it looks outside no more"
        if self._troubles:
            raise self._troubles.pop()

    def to_end(self) -> None:
        self.go_on(ENDLESS)
        assert self.is_over

    def kill(self) -> None:
        """It ends where it stands, as its process would."""
        self._killed = True
        self.to_end()
        self._thread.join(STUCK_SECONDS)

    def _work(self, action: Any) -> None:
        self._go.acquire()
        try:
            if not self._killed:
                self.results.append(action.run(**self.given))
        except Killed:
            pass
        except BaseException as error:
            self._troubles.append(error)
        finally:
            self.is_over = True
            self._stands.release()

    def _gate(self) -> None:
        if self._killed:
            raise Killed
        self._stands.release()
        self._go.acquire()
        if self._killed:
            raise Killed

    def _gated(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def gated(*args: Any) -> Any:
            self._gate()
            return call(*args)

        return gated


class GatedService:
    """A datastore service that is looked at only when the gate lets through."""

    def __init__(self, service: Any, gate: Callable[[], None]) -> None:
        self._service, self._gate = service, gate

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)

    def list_values(self, *args: Any, **terms: Any) -> Any:
        self._gate()
        return self._service.list_values(*args, **terms)

    def set_value(self, *args: Any, **terms: Any) -> Any:
        self._gate()
        return self._service.set_value(*args, **terms)

    def delete_value(self, *args: Any, **terms: Any) -> Any:
        self._gate()
        return self._service.delete_value(*args, **terms)
