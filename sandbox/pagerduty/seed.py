"""The account that the demo and the tests start with: small, but with a bit of everything."""

from __future__ import annotations

from .account import PagerDutyAccount
from .rest_pages import SEVERITIES, STATUSES

API_KEY = "u+sandboxSandbox12345"
"""An account-wide REST API key: writing needs `From`."""
READ_ONLY_KEY = "r+sandboxSandbox12345"
OAUTH_TOKEN = "pdus+_0XBPWQQ_sandbox"
"""An account-wide OAuth access token (`Bearer`)."""
USER_TOKEN = "w_sandboxUserToken_1"
"""Ada's own token: `/users/me` works, `From` is not needed."""
HOUR_SECONDS = 3600


def keys(account: PagerDutyAccount) -> None:
    """The secrets that open the account; tests may add more."""
    account.tokens.update({API_KEY: "", READ_ONLY_KEY: "", OAUTH_TOKEN: ""})
    account.tokens[USER_TOKEN] = account.find("users", "Ada Lovelace")["id"]
    account.read_only.add(READ_ONLY_KEY)


def plant(account: PagerDutyAccount) -> None:
    """Fill an empty account."""
    people = [
        ("Ada Lovelace", "ada@example.com", "owner", "Europe/London"),
        ("Grace Hopper", "grace@example.com", "user", "America/New_York"),
        ("Linus Example", "linus@example.com", "user", "Europe/Helsinki"),
        ("Mei Tanaka", "mei@example.com", "limited_user", "Asia/Tokyo"),
        ("Olu Adeyemi", "olu@example.com", "user", "Africa/Lagos"),
        ("Radia Perlman", "radia@example.com", "observer", "America/Los_Angeles"),
    ]
    users = {}
    for name, email, role, zone in people:
        users[name.split()[0].lower()] = account.add(
            "users", name, email=email, role=role, time_zone=zone, team_ids=[]
        )
    teams = {
        n: account.add("teams", n, description=f"Team {n}")
        for n in ("Payments", "Platform", "Web")
    }
    for who, team in (
        ("ada", "Payments"),
        ("grace", "Payments"),
        ("linus", "Platform"),
        ("mei", "Web"),
        ("olu", "Web"),
    ):
        users[who]["team_ids"].append(teams[team]["id"])

    start = (
        int(account.clock()) // (24 * HOUR_SECONDS) * 24 * HOUR_SECONDS - 30 * 24 * HOUR_SECONDS
    )
    rota = account.add(
        "schedules",
        "Platform rotation",
        time_zone="Europe/London",
        description="Weekly, by turns",
        team_ids=[teams["Platform"]["id"]],
        layers=[
            {
                "id": account.new_id("P", 7),
                "name": "Layer 1",
                "start": start,
                "end": None,
                "virtual_start": start,
                "turn": 7 * 24 * HOUR_SECONDS,
                "user_ids": [users["linus"]["id"], users["olu"]["id"]],
            }
        ],
        overrides=[],
    )

    def policy(name: str, team: str, *levels: list[tuple[str, str]]) -> str:
        rules = [
            {"id": account.new_id("P", 7), "delay": 30, "targets": targets} for targets in levels
        ]
        found = account.add(
            "escalation_policies",
            name,
            description="",
            num_loops=2,
            rules=rules,
            team_ids=[teams[team]["id"]],
        )
        return str(found["id"])

    def user(name: str) -> tuple[str, str]:
        return "user", users[name]["id"]

    payments = policy(
        "Payments escalation", "Payments", [user("ada")], [user("grace")], [user("radia")]
    )
    platform = policy(
        "Platform escalation", "Platform", [("schedule", rota["id"])], [user("linus")]
    )
    web = policy("Web escalation", "Web", [user("mei")], [user("olu")])
    for name, policy_id in (
        ("Checkout API", payments),
        ("Billing Jobs", payments),
        ("Database", platform),
        ("Kubernetes", platform),
        ("Storefront", web),
    ):
        service(account, name, policy_id)
    for number, meaning in enumerate(("Critical", "High", "Moderate", "Low", "Cosmetic"), start=1):
        account.add("priorities", f"P{number}", description=meaning, order=6 - number)
    for name in ("Amazon CloudWatch", "Datadog", "Nagios", "Prometheus"):
        account.add("vendors", name, description=f"Events of {name}")
    for person in users.values():
        account.add_contact(person)
    for name, key in (
        ("Generic V2 Webhook", "generic_v2_webhook"),
        ("Slack V2", "slack"),
        ("ServiceNow", "servicenow"),
    ):
        account.add("extension_schemas", name, key=key)
    account.add(
        "incident_types",
        "incident_default",
        display_name="Base Incident",
        created_at=account.now(),
    )
    status_page(account, "Acme status")
    account.add(
        "incident_workflows", "Major incident", is_enabled=True, created_at=account.now(), steps=[]
    )
    account.add(
        "business_services",
        "Shopping",
        description="What customers see",
        team_id=teams["Web"]["id"],
    )
    keys(account)


def service(account: PagerDutyAccount, name: str, policy: str, **fields: object) -> str:
    """A service with an Events v2 and an Events v1 integration; returns its id."""
    created = account.now()
    found = account.add(
        "services",
        name,
        description=f"{name} of the sandbox",
        escalation_policy_id=account.find("escalation_policies", policy)["id"],
        created_at=created,
        auto_resolve_timeout=None,
        acknowledgement_timeout=None,
        **fields,
    )
    for type_, label in (
        ("events_api_v2", "Events API v2"),
        ("generic_events_api", "Events API v1"),
    ):
        integration = account.add(
            "integrations", f"{name} {label}", service_id=found["id"], created_at=created
        )
        integration["type"] = f"{type_}_inbound_integration"
        integration["key"] = account.integration_key(integration["id"])
    account.version += 1
    return str(found["id"])


def status_page(account: PagerDutyAccount, name: str) -> str:
    """A public status page with its statuses, severities and a service; returns its id."""

    def rows(kind: dict[str, tuple[str, ...]]) -> list[dict[str, str]]:
        return [
            {"id": account.new_id("P", 7), "description": word, "post_type": post_type}
            for post_type, words in kind.items()
            for word in words
        ]

    page = account.add(
        "status_pages",
        name,
        status_page_type="public",
        url="https://status.example.com",
        published_at=account.now(),
        statuses=rows(STATUSES),
        severities=rows(SEVERITIES),
        services=[{"id": account.new_id("P", 7), "name": "Website"}],
    )
    return str(page["id"])
