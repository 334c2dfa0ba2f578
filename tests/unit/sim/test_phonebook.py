"""The local phone book."""

from typing import Any

from support.simulated import ADMIN, Talk


def found(talk: Talk, **arguments: Any) -> list[str]:
    answer = talk.result("xCommand/Phonebook/Search", **arguments)
    return [one["Name"] for one in answer.get("Contact", [])]


def test_a_search_finds_by_name_and_number_in_pages() -> None:
    talk = Talk.open(ADMIN)
    assert found(talk, SearchString="elm") == ["Room Elm"]
    assert found(talk, SearchString="reception@", SearchField="Number") == ["Reception"]
    assert found(talk, SearchString="reception@", SearchField="Name") == []
    assert found(talk, Limit=1, Offset=1) == ["Reception"]
    assert found(talk, PhonebookType="Corporate") == found(talk, ContactType="Folder") == []


def test_contacts_are_added_changed_and_deleted() -> None:
    talk = Talk.open(ADMIN)
    id_ = talk.result("xCommand/Phonebook/Contact/Add", Name="Ada", Number="ada@example.com")["Name"]
    talk.result("xCommand/Phonebook/ContactMethod/Add", ContactId=id_, Number="ada2@example.com")
    talk.result("xCommand/Phonebook/Contact/Modify", ContactId=id_, Name="Ada L", Tag="Favorite")
    (contact,) = talk.result("xCommand/Phonebook/Search", Tag="Favorite")["Contact"]
    assert contact["Name"] == "Ada L"
    assert [one["Number"] for one in contact["ContactMethod"]] == ["ada@example.com", "ada2@example.com"]
    talk.result("xCommand/Phonebook/Contact/Delete", ContactId=id_)
    assert found(talk, Tag="Favorite") == []
    assert talk.code("xCommand/Phonebook/Contact/Delete", ContactId=id_) == 1


def test_folders_are_within_folders_and_go_when_they_are_empty() -> None:
    talk = Talk.open(ADMIN)
    desks = talk.result("xCommand/Phonebook/Folder/Add", Name="Desks")["Name"]
    night = talk.result("xCommand/Phonebook/Folder/Add", Name="Night", ParentFolderId=desks)["Name"]
    id_ = talk.result("xCommand/Phonebook/Contact/Add", Name="Porter", FolderId=night)["Name"]
    folders = talk.result("xCommand/Phonebook/Search", ContactType="Folder")
    assert [(one["Name"], one["ParentFolderId"]) for one in folders["Folder"]] == [("Desks", ""), ("Night", desks)]
    assert "Contact" not in folders
    assert found(talk, FolderId=desks, ContactType="Contact") == ["Porter"]
    assert found(talk, FolderId=desks, Recursive="False") == []
    assert len(found(talk, Recursive="False")) == 4  # at the top
    [porter] = talk.result("xCommand/Phonebook/Search", SearchString="porter")["Contact"]
    assert porter["FolderId"] == night
    talk.result("xCommand/Phonebook/Folder/Modify", FolderId=night, Name="After ten")
    for command, arguments in (
        ("Folder/Delete", {"FolderId": night}), ("Folder/Delete", {"FolderId": "x"}),
        ("Folder/Modify", {"FolderId": desks, "ParentFolderId": night}), ("Contact/Add", {"Name": "y", "FolderId": "x"}),
    ):  # fmt: skip
        assert talk.code(f"xCommand/Phonebook/{command}", **arguments) == 1
    talk.result("xCommand/Phonebook/Contact/Modify", ContactId=id_, FolderId="")
    talk.result("xCommand/Phonebook/Folder/Delete", FolderId=night)
    assert len(found(talk, Recursive="False")) == 5


def test_rooms_do_not_share_their_contacts() -> None:
    one, other = Talk.open(ADMIN), Talk.open(ADMIN)
    one.result("xCommand/Phonebook/Contact/Add", Name="Ada")
    assert found(other, SearchString="Ada") == []
