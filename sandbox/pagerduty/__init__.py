"""A local PagerDuty. `PagerDutyServer(journal, clock, port=0)` with `.url`, `.account`
(account.py), `.faults`.

The keys that open its seeded account are in `seed.py`: `API_KEY`, `OAUTH_TOKEN`, `USER_TOKEN`,
`READ_ONLY_KEY`. It serves what an incident integration needs of the REST API (one `rest_*.py` for
each group of resources, some 170 operations), Events v1, Events v2 and change events; bodies are
checked by `forms.py`, and each change that takes place is a fact in the journal. Webhooks are
delivered while the server runs (webhooks.py). It answers as the API's documentation and
measurements say; what PagerDuty leaves open is in `Switches`.
"""

from __future__ import annotations

from .account import PagerDutyAccount
from .model import RequestRefused
from .seed import API_KEY, OAUTH_TOKEN, READ_ONLY_KEY, USER_TOKEN
from .service import PagerDutyServer
from .switches import Switches

__all__ = [
    "API_KEY",
    "OAUTH_TOKEN",
    "READ_ONLY_KEY",
    "USER_TOKEN",
    "PagerDutyAccount",
    "PagerDutyServer",
    "RequestRefused",
    "Switches",
]
