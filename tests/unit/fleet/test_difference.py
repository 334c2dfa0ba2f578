import pytest

from roomgate.access.offered import offered
from roomgate.fleet.difference import HIDDEN, difference, upgrade_step
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
    assert str(step.call(offered())) == "Configuration/Standby/Control Value=On"


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


def test_pictures_are_sent_each_time_since_nothing_tells_them_apart():
    found = steps(Present(), branding={"Background": Branding("aGk="), "Branding": Branding(absent=True)})
    assert [(one.path, one.blind) for one in found] == [
        ("Command/UserInterface/Branding/Upload", True), ("Command/UserInterface/Branding/Delete", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("there", "wanted", "found"),
    [
        ({"u": UserThere(frozenset({"User"}), True)}, User(("User",), True), []),
        (
            {"u": UserThere(frozenset({"User"}), True)},
            User(("Admin",), False),
            [("UserManagement/User/Modify", "u", "User", "Admin (off)")],
        ),
        (
            {"u": UserThere(frozenset(), None)},
            User(absent=True),
            [("UserManagement/User/Delete", "u", "there", "removed")],
        ),
        ({}, User(absent=True), []),
        ({}, User(("User",)), [("", "u", None, "")]),
        (None, User(("User",)), [("", "u", None, "")]),
    ],
)
def test_accounts(there, wanted, found):
    assert said(Present(users=there), users={"u": wanted}) == found


def test_an_account_that_is_not_there_is_no_plans_to_make():
    [step] = steps(Present(users={}), users={"u": User(("User",))})
    assert not step.due
    assert step.rule == "fleet.no-user"


def test_roles_are_added_and_taken():
    [step] = steps(
        Present(users={"u": UserThere(frozenset({"User", "Audit"}), True)}), users={"u": User(("Admin", "User"))}
    )
    assert step.arguments == {"Username": "u", "AddRole": ["Admin"], "RemoveRole": ["Audit"]}
    step.call(offered())


def test_an_upgrade_is_one_step_and_none_where_the_software_is_there():
    upgrade = Upgrade("https://files.example.com/a.pkg", "ce12.1")
    assert upgrade_step(upgrade, "ce12.1.0") == []
    [step] = upgrade_step(upgrade, "ce11")
    assert (step.before, step.after, step.blind) == ("ce11", "ce12.1", False)
    assert upgrade_step(Upgrade("https://x"), "ce11")[0].blind
