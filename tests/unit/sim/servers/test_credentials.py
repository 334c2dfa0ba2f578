from hypothesis import given
from hypothesis import strategies as st

from roomgate.sim.servers.credentials import credentials


def test_both_forms_say_who_it_is() -> None:
    assert credentials({"authorization": "Basic YWRhOmE6Yg=="}, []) == ("ada", "a:b", None)
    assert credentials({"authorization": "basic YWRhOmE6Yg"}, []) == ("ada", "a:b", None)
    assert credentials({}, ["x", "auth-YWRhOmE6Yg"]) == ("ada", "a:b", "auth-YWRhOmE6Yg")
    assert credentials({}, []) == ("", "", None)


@given(st.text(), st.lists(st.text(), max_size=3))
def test_any_credentials_read_as_words_or_as_nothing(header: str, protocols: list[str]) -> None:
    for kind in ("", "Basic "):
        user, passphrase, _ = credentials({"authorization": kind + header}, [*protocols, "auth-" + header])
        assert isinstance(user + passphrase, str)
