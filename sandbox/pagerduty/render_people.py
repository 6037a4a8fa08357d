"""Users, teams, contact methods, notification rules and priorities as the REST API shows them."""

from __future__ import annotations

from .model import Thing
from .render_catalog import CatalogRenderer, shows


@shows("users")
def user(render: CatalogRenderer, user: Thing, shown: Thing) -> Thing:
    shown.update(
        name=user["name"],
        email=user["email"],
        time_zone=user.get("time_zone") or "Etc/UTC",
        color=user.get("color") or "purple",
        avatar_url=f"https://secure.gravatar.com/avatar/{user['id'].lower()}.png",
        billed=True,
        role=user.get("role", "user"),
        description=user.get("description"),
        invitation_sent=user.get("invitation_sent", False),
        job_title=user.get("job_title"),
        created_via_sso=False,
        teams=[render.either("teams", "teams", t) for t in user.get("team_ids", ())],
        contact_methods=[
            render.either("contact_methods", "contact_methods", c)
            for c in user.get("method_ids", ())
        ],
        notification_rules=[
            render.either("notification_rules", "notification_rules", r)
            for r in user.get("rule_ids", ())
        ],
        coordinated_incidents=[],
    )
    return shown


@shows("teams")
def team(render: CatalogRenderer, team: Thing, shown: Thing) -> Thing:
    shown.update(
        name=team["name"],
        description=team.get("description"),
        default_role=team.get("default_role", "manager"),
        parent=None,
    )
    return shown


@shows("contact_methods")
def contact_method(render: CatalogRenderer, method: Thing, shown: Thing) -> Thing:
    kind = method["type"]
    shown.update(label=method["name"], address=method["address"], blacklisted=False)
    if kind in ("phone_contact_method", "sms_contact_method", "whatsapp_contact_method"):
        shown.update(country_code=method["country_code"], enabled=True)
    elif kind == "email_contact_method":
        shown["send_short_email"] = method.get("send_short_email", False)
    else:
        shown.update(
            device_type="ios",
            sounds=method.get("sounds", []),
            created_at=render.time(method["created_at"]),
        )
    return shown


@shows("notification_rules")
def notification_rule(render: CatalogRenderer, rule: Thing, shown: Thing) -> Thing:
    shown.update(
        start_delay_in_minutes=rule["start_delay_in_minutes"],
        contact_method=render.either("contact_methods", "contact_methods", rule["method_id"]),
        urgency=rule["urgency"],
        created_at=render.time(rule["created_at"]),
    )
    return shown


@shows("priorities")
def priority(render: CatalogRenderer, priority: Thing, shown: Thing) -> Thing:
    shown.update(
        name=priority["name"],
        description=priority.get("description", ""),
        order=priority.get("order", 0),
        color="a8171c",
        schema_version=0,
    )
    return shown
