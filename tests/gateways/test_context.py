"""What a run's context keeps."""

from __future__ import annotations

import logging
from typing import List

import pytest
from datastore_double import Service as Datastore

from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.reading_context import ReadingContext


def test_what_several_parts_need_is_read_once() -> None:
    context, asked = Context({}, Datastore(), logging.getLogger()), [0]

    def read() -> int:
        asked[0] += 1
        return asked[0]

    assert [context.once("a", read), context.once("a", read), context.once("b", read)] == [1, 1, 2]
    assert ReadingContext.of(context).once("a", read) == 3, "a dry run reads for itself"


def test_what_could_not_be_read_is_asked_for_again() -> None:
    context = Context({}, Datastore(), logging.getLogger())
    answers: List[bool] = [False, True]

    def read() -> str:
        if not answers.pop(0):
            raise NotFound("nobody")
        return "ada"

    with pytest.raises(NotFound):
        context.once("who", read)
    assert context.once("who", read) == "ada"
