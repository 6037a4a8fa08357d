"""As much of StackStorm's API as the embedded default answers, in the same process: the pack's own
aliases and their executions. It raises as `web_api.StackStormApi`."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Optional, Tuple

from pagerduty_mattermost.core.errors import NotFound, RejectedInput

Answered = Callable[[str, str, Any, Optional[Mapping[str, Any]]], Tuple[int, Any]]


class EmbeddedApi:
    """`answered`: method, path, body and parameters to status and JSON value."""

    is_stackstorm = False

    def __init__(self, answered: Answered) -> None:
        self._answered = answered

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Optional[Mapping[str, Any]] = None,
        person: str = "",
    ) -> Any:
        """The JSON value of the answer. There is one account alone."""
        status, answer = self._answered(method, path, body, params)
        if status < 400:
            return answer
        said = str(answer.get("faultstring") or status)
        raise (NotFound if status == 404 else RejectedInput)(said, status=status)
