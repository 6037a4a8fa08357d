"""Who somebody from chat is at PagerDuty: never another person by a name or an address that only
looks the same, and never asked for again and again where there is nobody."""

from __future__ import annotations

from typing import Any, List

import pytest
from chat_case import ChatCase

from pagerduty_mattermost.chat.acting_user import find_person, identify
from pagerduty_mattermost.core.errors import NotFound, PackError
from pagerduty_mattermost.core.text import ascii_lower
from pagerduty_mattermost.gateways.mattermost.users import chat_user
from pagerduty_mattermost.gateways.mattermost.values import id_in, marked_id
from pagerduty_mattermost.people.accounts import Accounts

KELVIN = "\u212a"
"""The Kelvin sign: Unicode folds it to a k."""


class IdentityTestCase(ChatCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.mattermost = self.sandbox.mattermost.account
        self.world = self.sandbox.mattermost.world

    def context(self) -> Any:
        action = self.get_action_instance(config=dict(self.settings))
        action.action_service = self.service
        return action.context

    def users_asked(self) -> List[str]:
        entries = self.sandbox.pagerduty.journal.entries
        return [entry.path for entry in entries if entry.path.startswith("/users")]

    def test_a_username_of_26_letters_is_no_id(self) -> None:
        """Somebody takes Ada's id for a name: they are themselves, and nobody is Ada."""
        ada = self.world.users["ada"].id
        thief = self.mattermost.add_user(ada, email="thief@example.com")
        context = self.context()
        assert chat_user(context.mattermost, ada).id == thief.id
        assert chat_user(context.mattermost, marked_id(ada)).username == "ada"
        with pytest.raises(NotFound, match="no PagerDuty user has the e-mail address"):
            identify(context, ada)
        assert identify(context, marked_id(ada)).person.name == "Ada Lovelace"
        one = self.account.trigger("Checkout API", "Slow")
        assert "would not know who you are" in self.refused(
            "acknowledge", incidents=one.id, user=ada
        )

    def test_an_id_that_is_nobodys_name_is_no_way_in(self) -> None:
        """What a chat bot claims is a name, also where it looks like an id."""
        ada = self.world.users["ada"].id
        one = self.account.trigger("Checkout API", "Slow")
        for claimed in (ada, marked_id(ada), f"@{marked_id(ada)}"):
            self.refused("acknowledge", incidents=one.id, user=claimed)
        assert one.status == "triggered"

    def test_an_administrator_may_type_an_id(self) -> None:
        ada = self.world.users["ada"].id
        grace = self.account.find("users", "Grace Hopper")["id"]
        self.run_class("identity_link", "IdentityLink", user=ada, pagerduty_user=grace)
        assert identify(self.context(), "ada").person.name == "Grace Hopper"

    def test_an_address_with_another_letter_is_another_address(self) -> None:
        """With the Kelvin sign for its k: Unicode's folding makes one address of the two. Nor is
        it who has the address for a name."""
        email = f"{KELVIN}ate@example.com"
        self.account.create("users", {"name": "kate@example.com", "email": email, "role": "user"})
        self.mattermost.add_user("kate", email="kate@example.com")
        with pytest.raises(NotFound, match="no PagerDuty user has the e-mail address"):
            identify(self.context(), "kate")
        with pytest.raises(NotFound):
            chat_user(self.context().mattermost, f"{KELVIN}ate@example.com")
        self.account.create(
            "users", {"name": "Katherine", "email": "KATE@Example.com", "role": "user"}
        )
        self.told("connect", user="kate")
        assert identify(self.context(), "kate").person.name == "Katherine"

    def test_that_there_is_nobody_is_remembered_for_minutes(self) -> None:
        self.mattermost.add_user("stranger", email="stranger@example.com")
        for _ in range(3):
            with pytest.raises(NotFound, match="no PagerDuty user has the e-mail address"):
                identify(self.context(), "stranger")
        asked = len(self.users_asked())
        assert 1 <= asked <= 2, "once, by address and then the whole list"
        self.account.create(
            "users", {"name": "Stranger", "email": "stranger@example.com", "role": "user"}
        )
        assert "You are Stranger" in self.told("connect", user="stranger"), "it looks at once"

    def test_a_link_counts_although_nobody_was_remembered(self) -> None:
        self.mattermost.add_user("stranger", email="stranger@example.com")
        with pytest.raises(PackError):
            identify(self.context(), "stranger")
        grace = self.account.find("users", "Grace Hopper")["id"]
        self.run_class("identity_link", "IdentityLink", user="stranger", pagerduty_user=grace)
        assert identify(self.context(), "stranger").person.name == "Grace Hopper"

    def test_an_account_that_was_looked_for_in_vain_is_not_looked_for_again(self) -> None:
        from pagerduty_mattermost.gateways.pagerduty.references import Reference

        nobody = Reference("user", "PNOBODY", "Nobody", "nobody@example.com")
        for _ in range(3):
            context = self.context()
            accounts = Accounts(context.mattermost, context.store)
            assert accounts.of(nobody) is None
            assert accounts.name(nobody) == "Nobody"
        paths = [entry.path for entry in self.sandbox.mattermost.journal.entries]
        assert sum("/users/email/" in path for path in paths) == 1

    def test_whom_somebody_chose_in_a_dialog_comes_by_id(self) -> None:
        mei = self.world.users["mei"].id
        found = find_person(self.context(), f"@{marked_id(mei)}", "ada")
        assert found.name == "Mei Tanaka"


@pytest.mark.parametrize(
    ("text", "lower"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        (f"{KELVIN}ate", f"{KELVIN}ate"),
        ("STRASSE", "strasse"),
        ("Straße", "straße"),
        ("İ", "İ"),
    ],
)
def test_only_ascii_letters_are_folded(text: str, lower: str) -> None:
    assert ascii_lower(text) == lower


def test_a_mark_is_told_from_a_name() -> None:
    id = "a" * 26
    assert id_in(marked_id(id)) == id
    assert [id_in(text) for text in (id, "ada", "id:short", "")] == ["", "", "", ""]
