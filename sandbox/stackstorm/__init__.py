"""A local StackStorm, as far as a chat sees it: aliases, their executions, inquiries and tokens.

    server = StackStormServer(journal, clock)
    server.api_url, server.auth_url
    server.account                    # what people and packs do there, in Python (account.py)

Formats of aliases are taken as plain words with `{{names}}`; whether StackStorm's own parser takes
a phrase is looked at on a real one (tests/live/test_stackstorm_chat.py).
"""

from .account import StackStormAccount
from .service import StackStormServer

__all__ = ["StackStormAccount", "StackStormServer"]
