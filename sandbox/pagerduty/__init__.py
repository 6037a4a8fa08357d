"""A local PagerDuty. `PagerDutyServer(journal, clock, port=0)` with `.url`, `.account` (account.py), `.faults`.

The keys that open its seeded account are in `seed.py`: `API_KEY`, `OAUTH_TOKEN`, `USER_TOKEN`, `READ_ONLY_KEY`.
Everything facts/pagerduty.md says of the API holds here; what is published nowhere is in `model.Options`.
"""

from __future__ import annotations

from .account import Account
from .model import Wrong
from .seed import API_KEY, OAUTH_TOKEN, READ_ONLY_KEY, USER_TOKEN
from .service import PagerDutyServer

__all__ = ["API_KEY", "OAUTH_TOKEN", "READ_ONLY_KEY", "USER_TOKEN", "Account", "PagerDutyServer", "Wrong"]
