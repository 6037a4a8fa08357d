"""What went over the wire in the tests before this one fits Mattermost's own OpenAPI document."""

from __future__ import annotations

import openapi
import pytest
from mattermost_site import Site, good


@pytest.mark.skipif(not openapi.available(), reason="../shared/contracts is not there")
def test_every_request_and_answer_so_far_fits_the_openapi_document(site: Site) -> None:
    if site.journal is None:
        pytest.skip("a real server keeps no journal")
    channel = site.new_channel()
    post = good(site.bot.create_post(channel["id"], "a", props={"attachments": [{"title": "t"}]}))
    good(site.bot.put("/posts/{}/patch".format(post["id"]), {"message": "b"}))
    wrong = openapi.check_journal(site.journal)
    found = sorted({line.split(" ", 1)[1] for line in wrong})
    assert not found, "\n".join(found)
