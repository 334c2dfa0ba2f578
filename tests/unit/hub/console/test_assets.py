import re
from pathlib import Path

import pytest

from roomgate.hub.console import assets
from support.console import console

# What every page loads: two style sheets and our few modules, as they travel.
LIGHT = 20_000


def test_an_address_changes_with_the_content() -> None:
    assert assets.url("main.js") == f"/static/main.js?v={assets.ASSETS['main.js'].tag}"
    tags = [one.tag for one in assets.ASSETS.values()]
    assert len(set(tags)) == len(tags)


def test_what_a_module_imports_comes_before_it_once_also_in_a_circle() -> None:
    files = {
        "a.js": b'import { b } from "./b.js";\nimport { c, d } from "./c.js";\nb(c);\n',
        "b.js": b'import { c } from "./c.js";\nexport function b() { c(); }\n',
        "c.js": b'import { b } from "./b.js";\nexport const c = () => b();\n  import("./c.js");\n',
        "d.js": b"1;\n",
    }
    body, parts = assets.join_modules(files, "a.js")
    assert parts == ["c.js", "b.js", "a.js"]
    assert body == b'const c = () => b();\n  import("./c.js");\nfunction b() { c(); }\nb(c);\n'


def test_every_page_has_one_file_of_script_in_which_no_name_is_two_things() -> None:
    main = assets.ASSETS[assets.MAIN].body.decode()
    assert re.search(r"^(import|export)\b", main, re.MULTILINE) is None
    names = re.findall(r"^(?:async )?(?:const|let|class|function) (\w+)", main, re.MULTILINE)
    assert {"follow", "swap", "takeForms", "words"} <= set(names)
    assert len(names) == len(set(names))
    assert not {"live.js", "swap.js"} & assets.ASSETS.keys()


def test_a_page_never_links_to_nothing() -> None:
    with pytest.raises(KeyError):
        assets.url("nothing.css")


def test_the_editor_is_linked_to_where_it_was_brought(monkeypatch: pytest.MonkeyPatch) -> None:
    without = {name: one for name, one in assets.ASSETS.items() if name != assets.EDITOR}
    monkeypatch.setattr(assets, "ASSETS", without)
    assert assets.editor() == ""
    monkeypatch.setattr(assets, "ASSETS", {**without, assets.EDITOR: without["main.js"]})
    assert assets.editor() == f"/static/editor.js?v={without['main.js'].tag}"


def test_styles_and_scripts_leave_room_for_the_page() -> None:
    assert sum(len(one.packed) for name, one in assets.ASSETS.items() if name != assets.EDITOR) < LIGHT


def test_scripts_make_no_markup_of_strings_and_run_no_text() -> None:
    for name, asset in assets.ASSETS.items():
        if name == assets.EDITOR:  # not ours: in a browser the content policy sees to it, and its test to the policy
            continue
        for forbidden in (b"innerHTML", b"outerHTML", b"insertAdjacentHTML", b"document.write", b"eval(", b"Function("):
            assert forbidden not in asset.body, name
        assert b"http://" not in asset.body.replace(b"http://www.w3.org/", b""), name
        assert b"https://" not in asset.body, name


@pytest.mark.asyncio
async def test_files_are_served_with_their_type_and_nothing_else_is(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        kinds = {"main.js": "text/javascript; charset=utf-8", "console.css": "text/css; charset=utf-8"}
        for name, kind in {**kinds, "favicon.svg": "image/svg+xml"}.items():
            answer = await it.http.get(f"/static/{name}")
            assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
            assert answer.content == assets.ASSETS[name].body  # whether it travelled compressed or not
            plain = await it.http.get(f"/static/{name}", headers={"Accept-Encoding": "identity"})
            assert (plain.content, "content-encoding" in plain.headers) == (answer.content, False)
            assert answer.headers["content-encoding"] == "gzip"
            assert answer.headers["etag"] == f'"{assets.ASSETS[name].tag}"'
        for path in ("/static/nothing.css", "/static/..%2fassets.py", "/static/"):
            assert (await it.http.get(path)).status_code == 404
