"""Writes docs/reference and docs/checks from the code, so that no page of them can be out of date.

`make reference` writes; `--check` compares instead, shows what differs, and exits 1 if anything does.
Each page is a function from the code to Markdown. Nothing here starts a program or reads a disk but our source.
"""

import ast
import dataclasses
import difflib
import importlib
import inspect
import io
import pkgutil
import re
import sys
import tokenize
import types
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec
from cyclopts import App

import roomgate
from roomgate.access.capability import Capability, Classes
from roomgate.access.principal import ROLES, Right
from roomgate.checks.catalogue import all_checks
from roomgate.checks.declared import Check, Weight
from roomgate.checks.doubles.flaws import FOUND_BY
from roomgate.checks.score import score_of
from roomgate.cli.main import app
from roomgate.errors import RoomgateError
from roomgate.hub.http.problem import status_of
from roomgate.ledger.event import Mark, describe
from roomgate.sim.absent import OTHERWISE, REASONS
from roomgate.sim.device import HANDLERS
from roomgate.sim.furnish import furnish
from roomgate.sim.profile import PROFILES, Profile, switches
from roomgate.sim.state import State
from roomgate.xapi.errors import XapiError

PACKAGE = Path(roomgate.__file__).parent
PAGES = Path(__file__).resolve().parents[1] / "docs" / "reference"
WRITTEN = "*Written by `make reference` from the code; a test compares the two.*"


def page(title: str, opening: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", WRITTEN, opening, *parts]) + "\n"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def codes(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words) or "–"


def one_line(text: str) -> str:
    """Prose of a docstring: its first paragraph, on one line, in Markdown's own quotes."""
    return " ".join(text.strip().split("\n\n")[0].split()).replace("``", "`")


# ---- ledger events --------------------------------------------------------------------------------


def events() -> str:
    rows = []
    for kind, meaning, marks in describe():
        fields = [f"{name} ({mark.value})" if mark is not Mark.PUBLIC else name for name, mark in marks.items()]
        rows.append([f"`{kind}`", one_line(meaning), ", ".join(fields)])
    return page(
        "Ledger events",
        "One line for each kind of entry that hub and connector write. A field without a mark is public: whoever may "
        "read the ledger may see it. A *personal* field names a person or what a person did. Of a *secret* field only "
        "the SHA-256 is ever written. How the record is built and verified: [architecture](../architecture.md).",
        table(["kind", "what happened", "fields"], rows),
    )


# ---- errors ---------------------------------------------------------------------------------------


def import_all() -> None:
    """Load every module, so that every error class is known. The migrations run only inside Alembic."""
    for module in pkgutil.walk_packages(roomgate.__path__, "roomgate."):
        if ".db.migrations." not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def below(root: type[Exception]) -> Iterator[type[Exception]]:
    for kind in root.__subclasses__():
        yield kind
        yield from below(kind)


def sources() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        yield file.relative_to(PACKAGE).as_posix(), ast.parse(file.read_text("utf-8"))


REFUSALS = {"Denied": "hub", "OrderRefused": "connector", "PolicyRefused": "connector"}


def rules() -> Iterator[tuple[str, str, str]]:
    """(rule, who says it, its words) of every refusal that the source spells out."""
    for name, tree in sources():
        if name.startswith(("sim/", "ledger/")):
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or len(node.args) < 2:
                continue
            if node.func.id in REFUSALS and (rule := _text(node.args[0])):
                yield rule, REFUSALS[node.func.id], _text(node.args[1])


def _text(node: ast.expr) -> str:
    """A text of the source; what is filled in at run time is shown as an ellipsis."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) or "…" for part in parts)
        case ast.BoolOp(values=[_, *rest]):
            return _text(rest[-1])
        case _:
            return ""


def errors() -> str:
    import_all()
    kinds = {kind for root in (RoomgateError, XapiError) for kind in (root, *below(root))}
    kinds = {kind for kind in kinds if not kind.__module__.startswith(("roomgate.sim.", "roomgate.cli.demo."))}
    ours = []
    for kind in sorted(kinds, key=lambda kind: (kind.code, kind.__name__, kind.__module__)):  # type: ignore[attr-defined]
        status = str(status_of(kind) or "–")
        meaning = one_line(kind.__doc__ or "")
        ours.append([f"`{kind.code}`", f"`{kind.__name__}`", status, meaning, kind.hint or "–"])  # type: ignore[attr-defined]
    said: dict[tuple[str, str], list[str]] = {}
    for rule, who, words in rules():
        said.setdefault((rule, who), []).append(words)
    listed = [
        [f"`{rule}`", who, " / ".join(dict.fromkeys(w for w in words if w)) or "–"]
        for (rule, who), words in sorted(said.items())
    ]
    return page(
        "Error codes and rules",
        "Codes are stable: programs may rely on them. The status is the one that the hub's REST API answers with where "
        "the error reaches it. The command `roomgate` prints the message, the code and the hint, and exits with 1 (the "
        "answer is no), 2 (bad input), 3 (not reachable) or 4 (an internal fault).",
        table(["code", "class", "status", "meaning", "what to do"], ours),
        "## Rules that say no",
        "A refusal of an ask carries the rule that said no, in the problem's `rule` and in both ledgers. Without a "
        "live grant on the room, the answer is the 404 of an unknown room, whatever the rule was.",
        table(["rule", "said by", "words"], listed),
    )


# ---- the command ----------------------------------------------------------------------------------


def verbs(group: App, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], App]]:
    """Every verb below a group, in the order in which the program lists them."""
    names = [name for name in group if not name.startswith("-")]
    if not names:
        yield words, group
    for name in names:
        yield from verbs(group[name], (*words, name))


def described(doc: str) -> tuple[str, str, dict[str, str]]:
    """A verb's docstring: prose, example, and the words about each parameter."""
    prose, _, rest = inspect.cleandoc(doc).partition("Parameters\n----------\n")
    words: dict[str, str] = {}
    name = ""
    for line in rest.splitlines():
        if line and not line.startswith(" "):
            name = line.strip()
            words[name] = ""
        elif name and line.strip():
            words[name] = f"{words[name]} {line.strip()}".strip()
    found = re.search(r"Example: (.+)", prose)
    example = found[1].replace("``", "`") if found else ""
    return one_line(re.sub(r"Example: .+", "", prose)), example, words


def kind_of(hint: Any) -> str:
    """A type in an operator's words."""
    match hint:
        case _ if get_origin(hint) is Literal:
            return " or ".join(f"`{word}`" for word in get_args(hint))
        case types.UnionType():
            return " or ".join(kind_of(part) for part in hint.__args__ if part is not type(None))
        case types.GenericAlias() if hint.__origin__ in (list, tuple):
            return f"{kind_of(hint.__args__[0])}, repeatable"
        case _:
            names = {"str": "text", "int": "number", "float": "number", "Path": "file or folder", "bool": "switch"}
            return names.get(getattr(hint, "__name__", ""), str(hint))


COMMON = {
    "json": "print JSON",
    "config": "the program's TOML file",
    "room": "the room's name",
    "name": "its name or id",
    "person": "a person's name or id",
    "site": "the site's name or id",
    "connector": "the connector's id",
    "account": "an account on the device",
    "kind": "what is locked",
    "subject": "its name or id",
    "reason": "why; it stands in the ledger",
    "password_file": "a file with the password",
    "path": "a status or configuration, such as Status/Audio/Volume",
    "value": "the new value",
    "minutes": "when it ends, counted from now",
    "id": "the id that `list` shows",
    "number": "a number or address",
    "meeting": "`next`, or a booking's id",
    "vkey": "the ledger's key, as it was printed",
    "file": "a file; how it is used stands above",
    "text": "what the screen shows",
    "prefix": "the beginning of a path",
    "shell": "for which shell",
}


def option(argument: Any, words: dict[str, str]) -> list[str]:
    name = argument.field_info.name
    positional = argument.field_info.kind is not inspect.Parameter.KEYWORD_ONLY
    shown = name.strip("_").upper() if positional else argument.names[0]
    default = argument.field_info.default
    plain = default in (inspect.Parameter.empty, None, "", False)
    stands = "required" if argument.required else "–" if plain else f"`{default}`"
    about = words.get(name) or argument.parameter.help or COMMON.get(name) or "–"
    return [f"`{shown}`", kind_of(argument.hint), stands, about]


def commands() -> str:
    parts = []
    for words, verb in verbs(app, ("roomgate",)):
        assert verb.default_command is not None
        prose, example, about = described(verb.default_command.__doc__ or verb.help)
        rows = [option(argument, about) for argument in verb.assemble_argument_collection() if argument.show]
        part = [f"## `{' '.join(words)}`", prose]
        part += [f"Example: {example}"] if example else []
        part += [table(["option", "takes", "default", "about"], rows)] if rows else []
        parts.append("\n\n".join(part))
    return page(
        "The command `roomgate`",
        "Every verb, with its options. Exit status: 0 done, 1 done but the answer is no, 2 usage or bad input, 3 not "
        "reachable, 4 an internal fault. `roomgate completion bash` prints the shell's completion.",
        *parts,
    )


# ---- capabilities ---------------------------------------------------------------------------------

MEANINGS = {
    Capability.OBSERVE: "read how the room is, what it has, and what its lists hold",
    Capability.CALL: "dial, join, answer, end calls; who is called",
    Capability.IN_CALL: "what happens inside a call: layout, sharing, participants",
    Capability.AV_CONTROL: "volume, presets, inputs, outputs, standby",
    Capability.PRIVACY: "microphones and cameras",
    Capability.UI: "what the screen and the touch panel show",
    Capability.MACROS: "programs that run on the device",
    Capability.USERS: "the device's own accounts",
    Capability.SECURITY: "certificates, audit, secrets, and settings that open doors",
    Capability.NETWORK: "addresses, proxies, and what the device reaches",
    Capability.SYSTEM: "restart, software, time, name",
    Capability.PROVISIONING: "who manages the device, and what it is registered with",
    Capability.BOOKINGS: "the room's booking list",
    Capability.LOGS: "the device's logs",
    Capability.CONFIGURE: "write a configuration; the class of that configuration is needed too",
    Capability.WEB: "the tunnel to the device's own page (not built yet: nothing asks for it)",
}


def capabilities() -> str:
    classes = Classes.shipped()
    rows = []
    for capability in Capability:
        count = {root: sum(found is capability for found in rules.values()) for root, rules in classes.rules.items()}
        rows.append([f"`{capability}`", MEANINGS[capability], *(str(count[root] or "–") for root in classes.rules)])
    parts = []
    for root, prefixes in classes.rules.items():
        lines = []
        for capability in Capability:
            names = sorted(
                " ".join(words) or "everything else" for words, found in prefixes.items() if found is capability
            )
            if names:
                lines.append([f"`{capability}`", codes(names)])
        parts += [f"## {root}", table(["class", "prefixes"], lines)]
    told = {
        "relieving": "The safe direction: never needs consent, is never held up by a rate cap.",
        "intrusive": "Heard, seen or felt in the room: shown there, and asked for where the site's policy says so.",
        "never": "Refused by the connector whatever the hub says, unless the site's policy opens the entry by name.",
    }
    for name, words in told.items():
        parts += [f"## The list *{name}*", words, codes(sorted(" ".join(entry) for entry in classes.sets[name]))]
    roles = [[f"`{role}`", codes(right.value for right in Right if right in held)] for role, held in ROLES.items()]
    return page(
        "Capabilities",
        "Every status, configuration, command and event of a device has a class, and a grant names classes. The "
        "longest prefix decides, compared word by word with indices left out. What no rule classifies is refused by "
        "hub and connector.",
        table(["class", "what it lets you do", *(f"{root} rules" for root in classes.rules)], rows),
        *parts,
        "## Roles",
        "A role gives rights over the hub itself. No role opens a room: only a grant does.",
        table(["role", "rights"], roles),
    )


# ---- configuration --------------------------------------------------------------------------------


def comments(kind: type) -> dict[str, str]:
    """What stands behind each field of a class in the source."""
    found: dict[str, str] = {}
    name = ""
    for token in tokenize.generate_tokens(io.StringIO(inspect.getsource(kind)).readline):
        if token.type == tokenize.NAME and token.line.startswith(f"    {token.string}:"):
            name = token.string
        elif token.type == tokenize.COMMENT and name and "noqa" not in token.string:
            found[name] = token.string.removeprefix("#").strip()
        elif token.type == tokenize.NEWLINE:
            name = ""
    return found


def keys(kind: type) -> str:
    about = comments(kind)
    fields: list[tuple[str, Any]] = (
        [(f.name, f.default if f.default_factory is dataclasses.MISSING else "") for f in dataclasses.fields(kind)]
        if dataclasses.is_dataclass(kind)
        else [
            (f.name, f.default if f.default_factory is msgspec.NODEFAULT else f.default_factory())
            for f in msgspec.structs.fields(kind)
        ]
    )
    missing = (dataclasses.MISSING, msgspec.NODEFAULT)
    rows = []
    for name, default in fields:
        stands = "required" if default in missing else "–" if default in (None, "") else f"`{default}`"
        rows.append([f"`{name}`", stands, about.get(name, "–")])
    return table(["key", "default", "about"], rows)


VARIABLES = {
    "ROOMGATE_HUB": "the hub's address, for verbs that ask a hub; needs a token beside it",
    "ROOMGATE_TOKEN": "the access token for it",
    "ROOMGATE_TOKEN_FILE": "a file that holds the token, instead",
    "ROOMGATE_CA": "a PEM file, where the hub's certificate is not from a public authority",
    "ROOMGATE_DAILY_PASSWORD": "for `roomgate connector devices add`: of the daily account of each room that has none",
    "ROOMGATE_PRIVILEGED_PASSWORD": "the same of the privileged account",
    "ROOMGATE_XAPI_PASSWORD": "the password for `roomgate xapi …`, instead of `--password-file`",
    "ROOMGATE_DEBUG": "set to anything: an internal fault shows where it happened",
}


def variables() -> str:
    read = set()
    for file in sorted((PACKAGE / "cli").rglob("*.py")):
        read |= {n for n in re.findall(r"ROOMGATE_[A-Z_]+", file.read_text("utf-8")) if not n.endswith("_")}
    if read != set(VARIABLES):
        raise SystemExit(f"tools/reference.py: describe these variables, or drop them: {sorted(read ^ set(VARIABLES))}")
    return table(["variable", "about"], [[f"`{name}`", about] for name, about in VARIABLES.items()])


def configuration() -> str:
    from roomgate.cli.witness import WitnessSettings
    from roomgate.connector import booking_rules, devices
    from roomgate.connector.config import ConnectorConfig
    from roomgate.connector.site_policy import SiteRules
    from roomgate.hub.config import HubConfig
    from roomgate.hub.identity.oidc.provider import Provider

    example = re.search(r"```toml\n.+?```", devices.__doc__ or "", re.DOTALL)
    assert example is not None
    bookings = re.search(r"```toml\n.+?```", booking_rules.__doc__ or "", re.DOTALL)
    assert bookings is not None
    return page(
        "Configuration",
        "Each program reads one TOML file (`--config`). Every key of the hub, the connector and the witness can also "
        "be given in the environment, in capitals behind `ROOMGATE_HUB_`, `ROOMGATE_CONNECTOR_` or "
        "`ROOMGATE_WITNESS_`; the environment wins. A key that does not exist is an error that suggests the right one, "
        "and all mistakes are said at once. Keys that end in `_s` are seconds.",
        "## Hub",
        keys(HubConfig),
        "### Identity providers (`[[providers]]`)",
        "In the file alone. How to set up one: [the guide](../guides/single-sign-on.md).",
        keys(Provider),
        "## Connector",
        "Paths are relative to the folder of the file.",
        keys(ConnectorConfig),
        "### What rooms show of their meetings (`[bookings]`)",
        "In the file alone; with the defaults, but for `mailbox` and `[bookings.check_in]`, which are off. More in "
        "[the guide](../guides/bookings-in-the-room.md).",
        bookings[0],
        "## The site's devices (`devices.toml`)",
        "Read again when it changes, without a restart. A room needs `pin` or `ca`; there is no way to accept any "
        "certificate.",
        example[0],
        "## The site's policy (`policy.toml`)",
        "How to write one: [the guide](../guides/site-policy.md).",
        keys(SiteRules),
        "## Witness",
        keys(WitnessSettings),
        "## Other variables",
        variables(),
    )


# ---- the simulator ----------------------------------------------------------------------------------


def simulator() -> str:
    profiles = list(PROFILES.values())
    generations = [
        ["software version", *(f"`{one.release}`" for one in profiles)],
        ["subscriptions on one connection", *(str(one.subscriptions) for one in profiles)],
        ["expressions of one HttpFeedback slot", *(str(one.slot_expressions) for one in profiles)],
        *(
            [f"`Configuration {' '.join(path)}`", *(_default_of(one, path) for one in profiles)]
            for path in dict.fromkeys(path for one in profiles for path, _ in one.settings)
        ),
    ]
    readings = [
        [f"`{name}`", decides, *(_word(getattr(one, name)) for one in profiles)] for name, _, decides in switches()
    ]
    families: dict[str, list[str]] = {}
    for words in sorted(HANDLERS):
        family, _, rest = words.partition("/")
        families.setdefault(family, []).append(rest.replace("/", " ") or family)
    names = [one.name for one in profiles]
    return page(
        "The simulator's rooms",
        "What `roomgate sim` plays, and what it does not. A room has one of three generations; a *switch* is a reading "
        "that no public source settles, and each can be set by its name, so that a client is tried on both.",
        "## Generations",
        table(["what differs", *names], generations),
        "## Switches",
        table(["switch", "decides", *names], readings),
        "## Commands with behaviour",
        table(["family", "commands"], [[family, ", ".join(rest)] for family, rest in families.items()]),
        "## Refused",
        "Every other command of the catalogue is refused with code 1 and one of these sentences: nothing answers OK "
        "that did nothing. The longest family that fits counts.",
        table(
            ["family", "sentence"],
            [*([name.replace("/", " "), said] for name, said in REASONS.items()), ["any other", OTHERWISE]],
        ),
    )


def _word(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else f"`{value}`" if value != "" else "none"


def _default_of(profile: Profile, path: tuple[str, ...]) -> str:
    """The value that a fresh room of this generation has."""
    state = State()
    furnish(state, "room", profile, datetime(2026, 1, 1, tzinfo=UTC))
    return f"`{state.read('Configuration', *path)}`"


# ---- the exposure checks ----------------------------------------------------------------------------

CHECKS = PAGES.parent / "checks"
_BY = ", written by `make reference`"
_BLOCK = re.compile(rf"<!-- (\w+){_BY} -->\n.*?<!-- end -->", re.DOTALL)


def check_page(one: Check) -> str:
    """A check's own page: what it says of itself, for people who were failed by it."""
    score = score_of(one.vector)
    standards = [f"[CWE-{n}](https://cwe.mitre.org/data/definitions/{n}.html)" for n in one.cwe]
    standards += [f"ASVS 5.0 {number}" for number in one.asvs]
    facts = [
        ["needs", one.tier.words + (", and leave to place a call or move a room" if one.look.intrusive else "")],
        ["severity", f"{score.severity}, {score.base:.1f}: `{one.vector}`" if one.vector else "info"],
        ["in the grade", WEIGHTS[one.weight]],
        ["standards", ", ".join(standards) or "–"],
        ["part of a quick check", "yes" if one.look.quick else "no"],
    ]
    parts = [
        "## How it looks",
        one.procedure,
        "## How to mend it",
        one.remedy,
        "## How it could be mistaken",
        one.mistaken,
    ]
    if one.options is not None:
        about = inspect.cleandoc(one.options.__doc__ or "").replace("``", "`")
        parts += [
            f"## Its own table in the target file: `[{one.id}]`",
            *([about] if about else []),
            option_keys(one.options),
        ]
    if one.sources:
        parts += [
            "## Sources",
            "\n".join(f"- {f'<{said}>' if said.startswith('https://') else said}" for said in one.sources),
        ]
    return page(f"{one.id}: {one.title}", table(["", ""], facts), *parts, "[All checks](README.md)")


def option_keys(kind: type[msgspec.Struct]) -> str:
    """The keys of a check's own table; what a request and a deed hold stands in the guide."""
    about, rows = comments(kind), []
    for one in msgspec.structs.fields(kind):
        default = (
            "–"
            if isinstance(one.default, msgspec.Struct) or one.default in (None, "", (), False)
            else f"`{one.default}`"
        )
        required = one.default is msgspec.NODEFAULT and one.default_factory is msgspec.NODEFAULT
        if one.default is msgspec.NODEFAULT:
            default = "required" if required else "–"
        rows.append([f"`{one.name}`", _taken(one.type), default, about.get(one.name, "–")])
    return table(["key", "takes", "default", "about"], rows)


def _taken(hint: Any) -> str:
    names = {"Ask": "a request", "Deed": "a deed", "datetime": "date and time", "date": "date", "dict": "table"}
    match hint:
        case types.UnionType():
            return " or ".join(_taken(part) for part in hint.__args__ if part is not type(None))
        case types.GenericAlias() if hint.__origin__ in (list, tuple):
            return f"list of {_taken(hint.__args__[0])}"
        case types.GenericAlias():
            return "table"
    name = getattr(hint, "__name__", "")
    return names.get(name) or (
        "table" if isinstance(hint, type) and issubclass(hint, msgspec.Struct) else kind_of(hint)
    )


WEIGHTS = {
    Weight.FATAL: "fatal: a fail is an F, whatever else",
    Weight.REQUIRED: "required: no A without a pass",
    Weight.COUNTED: "counted",
    Weight.INFO: "informs only",
}


def check_index() -> str:
    """The tables in the page that people write: its blocks are named, and each is written anew."""
    blocks = {"checks": _index(), "flaws": _flaws()}
    there = (CHECKS / "README.md").read_text("utf-8")
    if sorted(_BLOCK.findall(there)) != sorted(blocks):
        raise SystemExit(f"tools/reference.py: docs/checks/README.md has other blocks than {', '.join(blocks)}")
    return _BLOCK.sub(lambda found: f"<!-- {found[1]}{_BY} -->\n{blocks[found[1]]}\n<!-- end -->", there)


def _index() -> str:
    rows = [
        [f"[{one.id}]({one.id}.md)", one.title, one.tier.words, score_of(one.vector).severity, one.weight.value]
        for one in all_checks()
    ]
    return table(["check", "what is wrong if it fails", "needs", "severity", "weighs"], rows)


def _flaws() -> str:
    found: dict[str, list[str]] = {}
    for flaw, id in FOUND_BY.items():
        found.setdefault(id, []).append(flaw.value)
    return table(["found by", "`--flaw`"], [[id, codes(names)] for id, names in found.items()])


def check_pages() -> dict[str, str]:
    return {"../checks/README.md": check_index()} | {f"../checks/{one.id}.md": check_page(one) for one in all_checks()}


def gone(pages: Iterable[str]) -> list[Path]:
    """Pages of checks that are no more."""
    return [file for file in sorted(CHECKS.glob("K*.md")) if f"../checks/{file.name}" not in pages]


WRITERS: dict[str, Callable[[], str]] = {
    "events.md": events,
    "errors.md": errors,
    "commands.md": commands,
    "capabilities.md": capabilities,
    "configuration.md": configuration,
    "simulator.md": simulator,
}


def check(name: str, text: str) -> bool:
    """Whether the page says what the code says; what differs goes to standard output."""
    file = (PAGES / name).resolve()
    shown = file.relative_to(PAGES.parents[1]).as_posix()
    there = file.read_text("utf-8") if file.exists() else ""
    sys.stdout.writelines(
        difflib.unified_diff(there.splitlines(keepends=True), text.splitlines(keepends=True), shown, "the code", n=0)
    )
    return there == text


def main(words: list[str]) -> int:
    if words not in ([], ["--check"]):
        print("usage: tools/reference.py [--check]", file=sys.stderr)
        return 2
    pages = {name: write() for name, write in WRITERS.items()} | check_pages()
    stray = gone(pages)
    if words:
        same = [check(name, text) for name, text in pages.items()]
        sys.stdout.writelines(f"{file.name}: there is no such check\n" for file in stray)
        return 0 if all(same) and not stray else 1
    PAGES.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (PAGES / name).write_text(text, "utf-8")
    for file in stray:
        file.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
