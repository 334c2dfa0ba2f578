import pytest

from roomgate.access.offered import offered
from roomgate.fleet.difference import HIDDEN, difference, has_version, noted, upgrade_step
from roomgate.fleet.document import Branding, Layer, Macro, Panel, Upgrade, User
from roomgate.fleet.reading import MacroThere, Present, UserThere

XML = "<Extensions><Panel><Name>Lights</Name></Panel></Extensions>"


def steps(present, **wanted):
    return difference(Layer(**wanted), present, offered())


def said(present, **wanted):
    return [(one.path.rpartition("Command/")[2], one.what, one.before, one.after) for one in steps(present, **wanted)]


def test_only_what_differs_is_set_in_its_canonical_form():
    present = Present(settings={"Audio/DefaultVolume": "50", "Standby/Control": "Off"})
    [step] = steps(present, settings={"Audio/DefaultVolume": 50, "Standby/Control": "On"})
    assert (step.what, step.before, step.after, step.blind) == ("Standby/Control", "Off", "On", False)
    assert str(step.call(offered(), {})) == "Configuration/Standby/Control Value=On"


def test_a_secret_is_sent_shown_to_nobody_and_known_to_be_unreadable():
    [step] = steps(
        Present(settings={"SIP/Authentication/Password": "***"}), settings={"SIP/Authentication/Password": "abc"}
    )
    assert (step.before, step.after, step.blind) == (HIDDEN, HIDDEN, True)
    assert step.arguments == {"Value": "abc"}


@pytest.mark.parametrize(
    ("there", "wanted", "found"),
    [
        (None, Macro("1;", True), [("Macros/Macro/Save", "m", None, "2 characters"), ("Macros/Macro/Activate", "m active", None, "on")]),
        ({}, Macro("1;", False), [("Macros/Macro/Save", "m", "not there", "2 characters")]),
        ({"m": MacroThere("1;", True)}, Macro("1;", True), []),
        ({"m": MacroThere("2;", False)}, Macro("1;", True), [
            ("Macros/Macro/Save", "m", "2 characters", "2 characters"), ("Macros/Macro/Activate", "m active", "off", "on"),
        ]),
        ({"m": MacroThere("1;", True)}, Macro(None, False), [("Macros/Macro/Deactivate", "m active", "on", "off")]),
        ({"m": MacroThere("1;", None)}, Macro("1;", True), [("Macros/Macro/Activate", "m active", None, "on")]),
        ({"m": MacroThere("1;", True)}, Macro(absent=True), [("Macros/Macro/Remove", "m", "there", "removed")]),
        ({}, Macro(absent=True), []),
        ({}, Macro(None, True), [("", "m active", None, "")]),
    ],
)  # fmt: skip
def test_macros(there, wanted, found):
    assert said(Present(macros=there), macros={"m": wanted}) == found


@pytest.mark.parametrize(
    ("there", "wanted", "found"),
    [
        ({"p": {"Name": "Lights"}}, Panel(XML), []),
        (
            {"p": {"Name": "Blinds"}},
            Panel(XML),
            [("UserInterface/Extensions/Panel/Save", "p", "another", f"{len(XML)} characters")],
        ),
        ({}, Panel(XML), [("UserInterface/Extensions/Panel/Save", "p", "not there", f"{len(XML)} characters")]),
        ({"p": {}}, Panel(absent=True), [("UserInterface/Extensions/Panel/Remove", "p", "there", "removed")]),
        ({"p": {}}, Panel("<x/>"), [("", "p", None, "")]),
    ],
)
def test_panels(there, wanted, found):
    assert said(Present(panels=there), panels={"p": wanted}) == found


WALL = Branding("iVBORw0KGgo=")


@pytest.mark.parametrize(
    ("there", "kind", "wanted", "found"),
    [
        ({}, "Background", WALL, [("Upload", None, True)]),  # no name is told: sent each time
        ({"Background": ""}, "Background", WALL, [("Upload", "another, or none", False)]),
        ({"Background": "0" * 64}, "Background", WALL, [("Upload", "picture 000000000000", False)]),
        ({"Background": WALL.digest}, "Background", WALL, []),
        ({}, "WorkspaceAvatar", WALL, [("Upload", None, False)]),  # the picture itself would be told
        ({}, "Background", Branding(absent=True), []),
        ({"Background": "0" * 64}, "Background", Branding(absent=True), [("Delete", "there", False)]),
    ],
)
def test_a_picture_is_sent_where_its_hash_is_another(there, kind, wanted, found):
    made = steps(Present(branding=there), branding={kind: wanted})
    assert [(one.path.rpartition("/")[2], one.before, one.blind) for one in made] == found
    for step in made:
        step.call(offered(), {WALL.digest: WALL.image})
        assert step.arguments.get("CustomId", f"sha256:{WALL.digest}") == f"sha256:{WALL.digest}"
        assert "iVBO" not in repr(step)  # a thousand rooms' steps do not each hold the picture


def there(*roles, active=True):
    return UserThere(frozenset(roles), active)


@pytest.mark.parametrize(
    ("users", "wanted", "found"),
    [
        ({"u": there("User")}, User(("User",), True), []),
        ({"u": there("User")}, User(("Audit",), False), [("UserManagement/User/Modify", "u", "User", "Audit (off)")]),
        ({"u": there(active=None)}, User(absent=True), [("UserManagement/User/Delete", "u", "", "removed")]),
        ({}, User(absent=True), []),
        ({}, User(("User",)), [("UserManagement/User/Add", "u", "not there", "User")]),
        ({"u": there("Admin")}, User(("Admin",)), []),
        (None, User(("User",)), "fleet.users-unread"),
        ({}, User(active=True), "fleet.no-user"),
        # An administrator is made, changed and removed by another's own passphrase, which no plan has.
        ({}, User(("Admin",)), "fleet.admin"),
        ({"u": there("User")}, User(("Admin", "User")), "fleet.admin"),
        ({"u": there("Admin")}, User(("User",)), "fleet.admin"),
        ({"u": there("Admin")}, User(absent=True), "fleet.admin"),
    ],
)
def test_accounts(users, wanted, found):
    made = steps(Present(users=users), users={"u": wanted})
    if isinstance(found, str):
        assert [(one.rule, one.due) for one in made] == [(found, False)]
    else:
        assert said(Present(users=users), users={"u": wanted}) == found


def test_a_new_account_has_no_passphrase_that_anybody_here_knows_and_no_terminal():
    [step] = steps(Present(users={}), users={"u": User(("Integrator", "User"), active=False)})
    assert step.call(offered(), {}).arguments == (
        ("Active", "False"), ("Passphrase", ""), ("PassphraseChangeRequired", "True"), ("Role", ("Integrator", "User")),
        ("ShellLogin", "False"), ("Username", "u"),
    )  # fmt: skip


def test_roles_are_added_and_taken():
    [step] = steps(Present(users={"u": there("User", "Audit")}), users={"u": User(("Integrator", "User"))})
    assert step.arguments == {"Username": "u", "AddRole": ["Integrator"], "RemoveRole": ["Audit"]}
    step.call(offered(), {})


def test_accounts_that_nobody_named_are_told_or_removed_and_the_sites_own_are_neither():
    users = {"u": there("User"), "old": there("User"), "boss": there("Admin"), "Roomgate-Daily": there("Integrator")}
    present = Present(users=users, own=frozenset({"roomgate-daily"}))
    layer = Layer(users={"u": User(("User",))})
    assert difference(layer, present, offered()) == []
    assert [(one.what, one.rule, one.before) for one in noted(layer, present)] == [
        ("boss", "fleet.other-account", "Admin"), ("old", "fleet.other-account", "User"),
    ]  # fmt: skip
    layer = Layer(users={"u": User(("User",))}, others={"users": "remove"})
    assert [(one.what, one.rule) for one in difference(layer, present, offered())] == [
        ("boss", "fleet.admin"),
        ("old", ""),
    ]
    assert noted(layer, present) == []
    # Which are the site's own has to be known first; and no document is a way to them.
    [unread] = difference(layer, Present(users=users), offered())
    assert (unread.rule, noted(Layer(users=layer.users), Present(users=users))) == ("fleet.own-unread", [])
    [own] = steps(present, users={"ROOMGATE-daily": User(absent=True)})
    assert (own.rule, own.due) == ("fleet.own-account", False)


def test_an_upgrade_is_one_step_and_none_where_the_software_is_there():
    upgrade = Upgrade("https://files.example.com/a.pkg", "ce12.1")
    assert upgrade_step(upgrade, "ce12.1.0") == []
    assert upgrade_step(upgrade, "ce12.10.0") != []
    [step] = upgrade_step(upgrade, "ce11")
    assert (step.before, step.after, step.blind) == ("ce11", "ce12.1", False)
    assert upgrade_step(Upgrade("https://x"), "ce11")[0].blind


@pytest.mark.parametrize(
    ("software", "version", "has"),
    [
        ("ce12.1.0.abc", "ce12.1", True), ("ce12.1", "ce12.1", True), ("RoomOS 26.4.1.3 0123", "26.4", True),
        ("ce12.1.0", "12.1", True), ("ce12.10.0", "ce12.1", False), ("RoomOS 26.4.1.3", "6.4", False),
        ("RoomOS 26.4.1.3", "4.1", False), ("ce12-1", "ce12.1", False), ("", "ce12.1", False),
    ],
)  # fmt: skip
def test_a_version_is_had_by_its_whole_numbers(software, version, has):
    assert has_version(software, version) is has
