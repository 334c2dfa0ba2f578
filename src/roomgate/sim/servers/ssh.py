"""SSH: the terminal shell of a room, over asyncssh. A connection is one session in the device's table.

Keyboard-interactive and password authentication, with the accounts, the lock-out counter and the limits of sessions
that the other wires have. asyncssh is loaded when somebody comes in, since most who run rooms never dial this port.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from roomgate import log
from roomgate.sim.accounts import Account, Login, LoginFailed, SessionsFull
from roomgate.sim.host_key import HostKey
from roomgate.sim.room import Room
from roomgate.sim.servers.door import Door
from roomgate.sim.spoiled import Half, spoil_json, spoil_xml
from roomgate.sim.state import Change
from roomgate.sim.tshell import Shell, TooLong

if TYPE_CHECKING:
    import asyncssh

_log = log.get("sim")
_WAITING_LIMIT = 16 << 20  # of what somebody does not read
_LOGIN_S = 60.0
_CLOSE_S = 2.0
_READ = 1 << 16

Whose = Callable[[str], tuple[Room, HostKey] | None]


class Ssh:
    """One bound port and the shells behind it. ``whose`` gives the room that has an address, None for nobody's."""

    def __init__(self, whose: Whose, host: str, port: int, *, shared: bool = False) -> None:
        """Bind; raises CannotStart if the address cannot be had."""
        self._door = Door.on_loopback(port, self._welcome) if shared else Door.at(host, port, self._welcome)
        self.port = self._door.port
        self._whose = whose
        self._open: set[asyncssh.SSHServerConnection] = set()

    async def run(self) -> None:
        """Serve until cancelled; then close the port and every connection, within two seconds."""
        try:
            await self._door.run()
        finally:
            left = list(self._open)
            for connection in left:
                connection.abort()
            try:
                async with asyncio.timeout(_CLOSE_S):
                    for connection in left:
                        await connection.wait_closed()
            except TimeoutError:
                _log.warning("sim.ssh-slow-end", port=self.port)

    def close(self) -> None:
        """Give the port back where `run` never began."""
        self._door.close()

    async def _welcome(self, come: socket.socket, address: str) -> None:
        found = self._whose(address)
        if found is None or found[0].faults.is_booting(found[0].clock.monotonic()):
            come.close()  # while a device boots, nobody answers here
            return
        room, key = found
        import asyncssh

        class Server(asyncssh.SSHServer):
            """Who may come in."""

            def __init__(self) -> None:
                self._connection: asyncssh.SSHServerConnection | None = None
                self.guest = _Guest(room)

            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                self._connection = conn
                opened.add(conn)
                peer = conn.get_extra_info("peername")
                self.guest.origin = f"{peer[0]}:{peer[1]}" if peer else ""
                self.guest.connection = conn
                conn.set_extra_info(guest=self.guest)

            def connection_lost(self, exc: Exception | None) -> None:
                if self._connection is not None:
                    opened.discard(self._connection)
                self.guest.leave()

            def begin_auth(self, username: str) -> bool:
                self.guest.user = username
                return True

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return self.guest.enter(username, password)

            def kbdint_auth_supported(self) -> bool:
                return True

            def get_kbdint_challenge(
                self, username: str, lang: str, submethods: str
            ) -> tuple[str, str, str, list[tuple[str, bool]]]:
                return "", "", "", [("Password: ", False)]

            def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:
                return len(responses) == 1 and self.guest.enter(username, responses[0])

        opened = self._open
        try:
            await asyncssh.run_server(
                come,
                server_factory=Server,
                server_host_keys=[str(key.file)],
                process_factory=_talk,
                encoding=None,
                line_editor=False,
                login_timeout=_LOGIN_S,
                allow_scp=False,
                agent_forwarding=False,
                x11_forwarding=False,
            )
        except (asyncssh.Error, OSError) as gone:
            _log.info("sim.ssh-refused", room=room.name, reason=type(gone).__name__)


@dataclass(slots=True)
class _Guest:
    """One connection, from its first word to its end."""

    room: Room
    user: str = ""
    origin: str = ""
    connection: "asyncssh.SSHServerConnection | None" = None
    account: Account | None = None
    login: Login | None = None
    shells: "list[_Talk]" = field(default_factory=list)

    def enter(self, user: str, passphrase: str) -> bool:
        """Whether the passphrase is right and there is room for one session more."""
        try:
            self.account, self.login = self.room.log_in(user, passphrase, "SSH", self.origin)
        except LoginFailed:
            _log.warning("sim.login-failed", room=self.room.name, account=user[:60])
        except SessionsFull:
            _log.warning("sim.sessions-full", room=self.room.name)
        finally:
            self.room.settle()
        if self.login is None:
            return False
        self.room.attach(self.login, self, "ssh")
        return True

    def leave(self) -> None:
        if self.login is not None:
            login, self.login = self.login, None
            self.room.detach(login.id, login.account, "ssh")

    def notify(self, changes: list[Change]) -> None:
        for talk in self.shells:
            talk.send(talk.shell.notify(changes))

    def cut(self, code: int | None) -> None:
        if self.connection is not None:
            self.connection.abort() if code is None else self.connection.close()


@dataclass(slots=True)
class _Talk:
    """One shell of a connection."""

    room: Room
    shell: Shell
    process: "asyncssh.SSHServerProcess[bytes]"

    def send(self, answers: list[bytes]) -> None:
        for one in answers:
            self.process.stdout.write(one)
        if self.process.channel.get_write_buffer_size() > _WAITING_LIMIT:
            self.process.channel.get_connection().abort()  # a client that does not read is cut

    async def run(self) -> None:
        room = self.room
        accounts = room.device.accounts
        self.send([self.shell.greet()])
        while not self.shell.ended and (data := await self.process.stdin.read(_READ)):
            if room.faults.any:
                await room.resting()
            answers = self.shell.feed(data, room.clock.now())
            if not room.faults.any:
                self.send(answers)
            elif await self._spoilt(answers):
                return
            room.settle()
            if self.shell.id not in accounts.logins:
                return  # its own session was ended, or the room starts again

    async def _spoilt(self, answers: list[bytes]) -> bool:
        """Answer as a broken room does; true if that was the end of it."""
        room = self.room
        await room.late()
        spoil = spoil_json if self.shell.mode == "json" else spoil_xml
        for answer in answers:
            for sent in _bent(spoil(room.faults, answer.decode(), room.clock.monotonic())):
                self.send([sent[1]])
                if sent[0]:
                    await self.process.stdout.drain()
                    self.process.channel.get_connection().abort()
                    return True
        return False


def _bent(answers: list[str | Half]) -> list[tuple[bool, bytes]]:
    """What is sent, and whether the connection ends with it."""
    return [
        (True, one.whole.encode()[: len(one.whole) // 2]) if isinstance(one, Half) else (False, one.encode())
        for one in answers
    ]


async def _talk(process: "asyncssh.SSHServerProcess[bytes]") -> None:
    """The life of one shell; cancelling ends it."""
    guest = process.get_extra_info("guest")
    if process.command is not None or guest.account is None or guest.login is None:
        process.exit(1)  # one command without a shell is not known of a device
        return
    newline = "\r\n" if process.get_terminal_type() else "\n"
    shell = Shell(guest.room.device, guest.account, guest.login.id, guest.room.wires, newline)
    talk = _Talk(guest.room, shell, process)
    guest.shells.append(talk)
    try:
        await talk.run()
        process.exit(0)
    except TooLong:
        process.channel.get_connection().abort()
    except (ConnectionError, BrokenPipeError):
        pass  # gone
    finally:
        guest.shells.remove(talk)
        guest.room.settle()
