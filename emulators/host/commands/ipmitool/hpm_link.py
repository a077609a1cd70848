"""HPM.1 messages as ipmitool sends them: patience with a busy or silent controller, and waiting for long commands."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulators.bmc.reply import Reply
from emulators.host.commands.ipmitool.hpm_image import Image
from emulators.host.commands.ipmitool.tool import INFO, Tool
from emulators.host.commands.ipmitool.values import completion_text
from emulators.host.process import Run

APP, GET_DEVICE_ID = 0x06, 0x01
PICMG = 0x2C
TARGET_CAPABILITIES, COMPONENT_PROPERTIES, ABORT, INITIATE, UPLOAD, FINISH = 0x2E, 0x2F, 0x30, 0x31, 0x32, 0x33
STATUS, ACTIVATE, SELF_TEST_RESULT, ROLLBACK_STATUS, ROLLBACK = 0x34, 0x35, 0x36, 0x37, 0x38

IN_PROGRESS = 0x80
TIMEOUT = 0xC3
NODE_BUSY = 0xC0
INACCESSIBLE = (0xFF, 0xC3, 0xD3)
STILL_RUNNING = (0x80, 0xD5)  # d5: what a KCS driver may say first
DEFAULT_TIMEOUT_S = 60
RETRYABLE, RETRIES = (0x80, 0x82, 0x83), 3


@dataclass(frozen=True)
class Capabilities:
    """Get Target Upgrade Capabilities' answer; time-outs in units of five seconds."""

    version: int = 0
    flags: int = 0
    upgrade: int = 0
    self_test: int = 0
    rollback: int = 0
    inaccessible: int = 0
    components: int = 0

    @classmethod
    def read(cls, data: bytes) -> Capabilities:
        return cls(*data.ljust(8, b"\0")[1:8])

    def has(self, bit: int) -> bool:
        return bool(self.flags & 1 << bit)


SELF_TEST_BIT, AUTO_ROLLBACK_BIT, SERVICE_AFFECTED_BIT, UNDESIRABLE_BIT = 0, 1, 3, 7


@dataclass
class Context:
    """An upgrade under way: what the target said of itself, and the file."""

    capabilities: Capabilities = field(default_factory=Capabilities)
    image: Image | None = None
    stale: int = 0  # what the self-test left where the tool later reads a rollback mask that it never filled


@dataclass
class Link:
    """The target controller. `verbose` counts apart from -v: some subcommands raise it for themselves."""

    tool: Tool
    verbose: int
    errors: int = 0
    size_known: bool = False

    def retryable(self, code: int) -> bool:
        """Debian builds the tool with its OpenIPMI v39 patch: three of these in a row count as noise on the bus."""
        if code not in RETRYABLE:
            return False
        self.errors += 1
        return self.errors <= RETRIES

    def send(self, command: int, data: bytes = b"\0", context: Context | None = None) -> Run[Reply | None]:
        return self.request(PICMG, command, data, context)

    def request(self, netfn: int, command: int, data: bytes, context: Context | None) -> Run[Reply | None]:
        """Repeat for as long as the target may be inaccessible; a busy node is asked for ever."""
        waited, mark = 0, int(self.tool.wall())
        while True:
            reply = yield from self.tool.send(netfn, command, data)
            silent = reply is None or reply.completion_code in INACCESSIBLE
            busy = reply is not None and reply.completion_code == NODE_BUSY
            if not (silent or busy) or not self._patient(context, waited, busy):
                self._settled(command, reply)
                return reply
            now = int(self.tool.wall())
            waited, mark = waited + (now - mark if silent else 0), now
            yield 0.1

    def _patient(self, context: Context | None, waited: int, busy: bool) -> bool:
        """Is it asked again?"""
        limit = context.capabilities.inaccessible * 5 if context else DEFAULT_TIMEOUT_S
        upgrade = context.capabilities.upgrade * 5 if context else DEFAULT_TIMEOUT_S
        return upgrade > 0 if busy else waited < limit

    def _settled(self, command: int, reply: Reply | None) -> None:
        if reply is not None and not reply.completion_code:
            self.errors = 0
        if reply is not None and command == UPLOAD and not self.size_known:
            self.size_known = True
            self.tool.log("Buffer length is now considered valid", INFO)

    def failed(self, reply: Reply | None, silence: str, failure: str) -> bool:
        """Print what is wrong with an answer, if anything."""
        if reply is None:
            self.tool.log(silence)
            return True
        if reply.completion_code:
            self.tool.log(failure)
            self.compcode(reply)
            return True
        return False

    def compcode(self, reply: Reply) -> None:
        code = reply.completion_code
        self.tool.log(f"compcode=0x{code:x}: {completion_text(code)}")

    def status(self, context: Context | None, *, silent: bool) -> Run[tuple[int, int] | None]:
        """Get Upgrade Status: (command, its completion code); None when that failed."""
        reply = yield from self.send(STATUS, b"\0", context)
        if reply is None:
            self.tool.log("Error getting upgrade status. Failed to get response.")
            return None
        if self.retryable(reply.completion_code):
            return 0, IN_PROGRESS
        if reply.completion_code:
            self.tool.log("Error getting upgrade status")
            self.compcode(reply)
            return None
        command, code = reply.data.ljust(3, b"\0")[1:3]
        if not silent:
            self.tool.notice("Upgrade status:")
            self.tool.notice(f" Command in progress:          {command:x}")
            self.tool.notice(f" Last command completion code: {code:x}")
        return command, code

    def wait(self, context: Context | None) -> Run[bool]:
        """Poll a command that answered 'in progress', once a second, for as long as an upgrade may take."""
        limit = yield from self._upgrade_timeout(context)
        start = int(self.tool.wall())
        found = yield from self.status(context, silent=True)
        now = start
        while found is not None and found[1] in STILL_RUNNING and now - start < limit:
            yield 1.0
            now = int(self.tool.wall())
            found = yield from self.status(context, silent=True)
        if found is not None and found[1] and self.verbose:
            self.tool.notice(f"Error waiting for command {found[0]:x}, compcode = {found[1]:x}")
        return found is not None and found[1] == 0

    def _upgrade_timeout(self, context: Context | None) -> Run[int]:
        if context is not None:
            limit, source = context.capabilities.upgrade * 5, "Use File Upgrade Capabilities"
        else:
            capabilities = yield from self.capabilities()
            if capabilities is None:
                limit, source = DEFAULT_TIMEOUT_S, "Use default timeout"
            else:
                limit, source = capabilities.upgrade * 5, "Use Command Upgrade Capabilities Timeout"
        if self.verbose:
            self.tool.line(f"{source}: {limit} seconds")
        return limit

    def capabilities(self) -> Run[Capabilities | None]:
        reply = yield from self.send(TARGET_CAPABILITIES)
        if reply is None:
            self.tool.log("Error getting target upgrade capabilities.")
            return None
        if reply.completion_code:
            code = reply.completion_code
            text = completion_text(code)
            self.tool.log(f"Error getting target upgrade capabilities, ccode: 0x{code:x}: {text}")
            return None
        found = Capabilities.read(reply.data)
        if self.verbose:
            show_capabilities(self.tool, found)
        return found

    def device_id(self) -> Run[bytes | None]:
        reply = yield from self.request(APP, GET_DEVICE_ID, b"", None)
        if reply is None or reply.completion_code:
            self.tool.log("Error getting device ID.")
            if reply is not None:
                self.compcode(reply)
            return None
        return reply.data.ljust(15, b"\0")


FLAG_LINES = (
    (7, "Upgrade undesirable....."),
    (6, "Aut rollback override..."),
    (5, "IPMC degraded..........."),
    (4, "Deferred activation....."),
    (3, "Service affected........"),
    (2, "Manual rollback........."),
    (1, "Automatic rollback......"),
    (0, "Self test..............."),
)


def show_capabilities(tool: Tool, found: Capabilities) -> None:
    tool.notice("TARGET UPGRADE CAPABILITIES")
    tool.notice("-------------------------------")
    tool.notice(f"HPM.1 version............{found.version}    ")
    for component in range(8):
        tool.notice(f"Component {component} presence....[{'y' if found.components & 1 << component else 'n'}]   ")
    for bit, text in FLAG_LINES:
        tool.notice(f"{text}[{'y' if found.has(bit) else 'n'}]   ")
    tool.notice(f"Upgrade timeout.........[{found.upgrade * 5} sec] ")
    tool.notice(f"Self test timeout.......[{found.self_test * 5} sec] ")
    tool.notice(f"Rollback timeout........[{found.rollback * 5} sec] ")
    tool.notice(f"Inaccessibility timeout.[{found.inaccessible * 5} sec] \n")
