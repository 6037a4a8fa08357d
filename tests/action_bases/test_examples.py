"""The examples of docs/reference.md send what PagerDuty's and Mattermost's documents allow. Those
of plain REST calls are rows of `test_rest_actions`, which holds them to it itself."""

from __future__ import annotations

import openapi
import pytest
from example_case import ExampleCase
from example_rows import EXAMPLES

pytestmark = pytest.mark.skipif(not openapi.available(), reason="../shared/contracts is not here")


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_example_is_a_request_that_the_document_allows(name: str) -> None:
    case = ExampleCase("run_action")
    case.setUp()
    try:
        case.done(name, **EXAMPLES[name](case))
        assert openapi.check_journal(case.server.journal) == []
        assert openapi.check_journal(case.chat.server.journal) == []
    finally:
        case.doCleanups()
