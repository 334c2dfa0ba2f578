from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.relay.masking import mask_result, masked_call, masked_text, read_masked
from roomgate.xapi.call import Verb
from roomgate.xapi.schema import Catalogue

KNOWN = Catalogue.shipped()

shapes = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Password", "Name", "Pin"]), inner),
)


def test_secret_arguments_and_configurations_are_hidden_and_bodies_only_measured():
    user = KNOWN.canonical(
        Verb.COMMAND, "UserManagement.User.Passphrase.Change", {"NewPassphrase": "new", "OldPassphrase": "old"}
    )
    assert dict(masked_call(user, KNOWN).arguments) == {"NewPassphrase": "***", "OldPassphrase": "***"}
    password = KNOWN.canonical(Verb.SET, "Configuration/SIP/Authentication/Password", {"Value": "hunter2"})
    assert "hunter2" not in masked_text(password, KNOWN)
    name = KNOWN.canonical(Verb.SET, "Configuration/SystemUnit/Name", {"Value": "Oslo"})
    assert "Oslo" in masked_text(name, KNOWN)
    panel = KNOWN.canonical(Verb.COMMAND, "UserInterface.Extensions.Panel.Save", {"PanelId": "x"}, "<a>secret</a>")
    assert "secret" not in masked_text(panel, KNOWN)


def test_what_was_written_down_tells_the_call_again_without_its_arguments():
    dial = KNOWN.canonical(Verb.COMMAND, "Dial", {"Number": "x"})
    again = read_masked(masked_text(dial, KNOWN))
    assert (again.verb, again.path, again.arguments) == (dial.verb, dial.path, ())


@given(shapes)
def test_no_secret_is_left_and_nothing_else_is_touched(value):
    def words(node, name=""):
        if isinstance(node, dict):
            return [word for key, one in node.items() for word in words(one, key)]
        if isinstance(node, list):
            return [word for one in node for word in words(one)]
        return [(name, node)]

    for (name, before), (_, after) in zip(words(value), words(mask_result(value)), strict=True):
        hidden = name in ("Password", "Pin") and isinstance(before, str) and before
        assert after == ("***" if hidden else before)
