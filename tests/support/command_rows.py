"""What people type after `/pd`: for each verb a phrase, and what has to come of it.

In a phrase `{one}` and `{two}` are numbers of incidents, `{id}` the id of the first. `effect`
looks at PagerDuty's account (and the room, for channels); `card` is what the incident's card says
afterwards.
"""

from __future__ import annotations

from typing import Tuple

from command_rows_incidents import INCIDENTS
from command_rows_on_call import ON_CALL
from command_rows_playbooks import PLAYBOOKS
from command_rows_rooms import ROOMS
from command_rows_runs import RUNS
from command_rows_services import ACCOUNTS, SERVICES
from typed_effects import Row

ROWS: Tuple[Row, ...] = (
    *RUNS,
    *ROOMS,
    *INCIDENTS,
    *ON_CALL,
    *SERVICES,
    *PLAYBOOKS,
    *ACCOUNTS,
)
"""In this order they are typed one after another in one room. ACCOUNTS come last: who has
disconnected may do nothing more."""
