"""``roomgate demo``: starts the world, tells the story, and stays up with the console's address on the screen."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from roomgate.cli.exits import DONE, NO, leaf
from roomgate.cli.output import show_json
from roomgate.errors import RoomgateError


@contextmanager
def _folder() -> Iterator[Path]:
    """``.demo`` here, held for this demonstration alone; or in the temporary folder where this one cannot be written.

    Raises FolderTaken where another demonstration runs here.
    """
    from roomgate.folder import FolderUnusable, alone_in

    with ExitStack() as stack:
        folder = Path(".demo")
        try:
            stack.enter_context(alone_in(folder))
        except FolderUnusable:
            folder = Path(tempfile.mkdtemp(prefix="roomgate-")) / ".demo"
            stack.enter_context(alone_in(folder))
        yield folder


def demo(*, once: bool = False, json: bool = False, rooms: int = 3) -> int:
    """The whole job, once, in front of you: four programs, three rooms, every step measured.

    Example: ``roomgate demo --once``

    Parameters
    ----------
    once
        end after the story; the exit code is 0 only if every step held
    json
        print one JSON object instead of the story (and end after it)
    rooms
        how many rooms of your own to have beside the story's
    """
    if not 1 <= rooms <= 200:
        from roomgate.errors import BadInput

        raise BadInput("Between 1 and 200 rooms, please.")
    return asyncio.run(_demo(once or json, json, rooms))


async def _demo(once: bool, json: bool, rooms: int) -> int:
    from roomgate import log
    from roomgate.cli.demo.leftovers import stop_leftovers
    from roomgate.cli.demo.screen import Screen
    from roomgate.cli.demo.world import World
    from roomgate.cli.running import until_stopped
    from roomgate.folder import FolderTaken

    log.setup("ERROR")
    screen = Screen(silent=json)
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(_folder())
        except FolderTaken as taken:
            refused = f"A demonstration runs here already, and was left alone: {taken.message}"
            hint = "Its console and people are in .demo/demo.json. End it with ctrl-C, or start this one elsewhere."
            if json:
                screen.step("start", False, 0, f"{refused} {hint}")
                show_json(screen.json())
            raise FolderTaken(refused, hint=hint) from taken
        await stop_leftovers(folder)
        world = World(folder, rooms)
        await until_stopped(_run(world, screen, once, json))
    return DONE if screen.ok and (screen.told or not once) else NO


async def _run(world: "World", screen: "Screen", once: bool, json: bool) -> None:  # type: ignore[name-defined]  # noqa: F821  # loaded late
    """Start, tell, and stay; whatever happens, no program is left behind."""
    try:
        await _start(world, screen)
        await _tell(world, screen)
        screen.told = True
        _farewell(world, screen, once)
        if json:
            show_json(screen.json())
        if not once:
            await asyncio.Event().wait()
    except Exception as fault:  # the edge of the demonstration: what failed is a step that did not hold
        cause = leaf(fault)
        hint = cause.hint if isinstance(cause, RoomgateError) else ""
        screen.step("start", False, 0, f"{type(cause).__name__}: {cause} {hint}".strip())
        if json:
            show_json(screen.json())
    finally:
        await world.programs.stop_all()


async def _start(world: "World", screen: "Screen") -> None:  # type: ignore[name-defined]  # noqa: F821  # loaded late
    """The four programs, the guest and the administrator of the visitor, and the contract."""
    screen.title("Four programs on loopback, with real TLS")
    began = time.monotonic()
    await world.start_all()
    admin = world.caller()
    try:
        await _rooms_fine(world, admin)
        from roomgate.cli.demo.world import password

        world.guest = {"user": "guest", "password": password()}
        who = await admin.call("POST", "/api/v1/people", {"name": "guest", "password": world.guest["password"]})
        token = await admin.call("POST", "/api/v1/tokens", {"person": who["id"], "minutes": 720, "name": "demo"})
        world.guest["token"] = token["token"]
    finally:
        await admin.close()
    world.write_contract()
    pids = ", ".join(f"{name} {world.programs.pid(name)}" for name in ("hub", "connector", "witness", "sim"))
    count = len(world.inside)
    screen.step("start", True, (time.monotonic() - began) * 1000, f"{pids}: four processes, {count} simulated rooms")


async def _rooms_fine(world: "World", admin: "Caller") -> None:  # type: ignore[name-defined]  # noqa: F821  # loaded late
    from roomgate.cli.demo.world import STORY

    async with asyncio.timeout(30):
        while True:
            page = await admin.call("GET", "/api/v1/rooms?limit=200")
            fine = {room["name"] for room in page["items"] if room["state"] in ("fine", "call")}
            if fine >= {*world.names, *STORY}:
                return
            await asyncio.sleep(0.1)


async def _tell(world: "World", screen: "Screen") -> None:  # type: ignore[name-defined]  # noqa: F821  # loaded late
    from roomgate.cli.demo.people import Visitor
    from roomgate.cli.demo.story import Story
    from roomgate.cli.demo.world import password

    secret = password()
    double = await world.start_double(secret)
    mine = password()
    admin = world.caller()
    await admin.call("POST", "/api/v1/people", {"name": "sol", "password": mine, "roles": ["administrator"]})
    console = await Visitor.sign_in(world.hub, world.ca, "sol", mine)
    app = await console.enrol()
    await console.close()
    token = await admin.call("POST", "/api/v1/tokens", {"person": "sol", "minutes": 60, "name": "story"})
    await admin.close()
    teller = world.caller(token["token"])
    try:
        story = Story(world, screen, teller, mine, "sol", app)
        await story.prepare_attempts(double, secret)
        await story.tell()
    finally:
        await teller.close()
        await world.programs.stop("double")
    # The evil hub's interlude gave the hub a new process.
    world.write_contract()


def _farewell(world: "World", screen: "Screen", once: bool) -> None:  # type: ignore[name-defined]  # noqa: F821  # loaded late
    held = sum(step.ok for step in screen.steps)
    screen.title(f"{held} of {len(screen.steps)} steps held.")
    if once:
        return
    screen.say(f"  Console   {world.hub}   (its certificate is from {world.shown / 'ca.pem'})")
    screen.say(f"  Sign in   {world.admin['user']} / {world.admin['password']}")
    screen.say(f"  App       {world.admin['totp']}   (the secret for an authenticator app: the second factor)")
    for name in world.names:
        screen.say(f"  Panel     {name:<8} {world.inside[name].panel}")
    screen.say(f"  Calendar  put an .ics file into {world.shown / 'calendar'}/<room>/")
    screen.say(f"  Scripts   {world.shown / 'demo.json'} has addresses, people and tokens. Ctrl-C ends it all.")
