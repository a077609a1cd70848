"""Supermicro Update Manager 2.14.0, in band: `sum -c COMMAND [OPTIONS]`.

Exit codes and formats follow facts/vendor-tools-and-boards.md section 3. In band it has a driver of its own, so it
needs no IPMI modules; what must live is the chip or the BMC it talks to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from emulators.host.commands.sum import bios, bmc, info, settings
from emulators.host.commands.sum.session import Options, Session
from emulators.host.commands.sum.text import BANNER, SumError, error
from emulators.host.process import Invocation, Run

INVENTED: tuple[str, ...] = (
    "sum: the layout of the error block and all error messages (section 3.4: no capture was found)",
    "sum: how a progress line is rewritten before it reaches 100%",
    "sum: usage without arguments",
    "sum: BMC type and file name of other boards than section 3.2's",
    "sum: UpdateBios where the board stages it (section 3.3 has the rules, not the text)",
    "sum: GetDmiInfo's file and its closing line; GetCurrentBiosCfg's settings and its closing line",
    "sum: QueryProductKey's fields (section 3.2 has parts of two generations)",
    "sum: the exit code where nobody answers the board's own questions (37), or no Supermicro board is there (38)",
    "sum: the kernel module is called sum_bios; GetBiosInfo of the running system loads it too",
    "sum: seconds that a command takes",
)

USAGE = """
Usage:
    sum [-i <IP/host name> -u <user> -p <password>] [-l <system list file>] -c <command> [command options]

Commands:
    GetBiosInfo GetBmcInfo UpdateBios UpdateBmc CheckOOBSupport QueryProductKey
    GetCurrentBiosCfg ChangeBiosCfg GetDmiInfo

    sum -h -c <command> explains a command.
"""


@dataclass(frozen=True)
class Command:
    """One command: its options (name -> takes a value), which of them it cannot do without, and what it does."""

    name: str
    run: Callable[[Session], Run[None]]
    options: dict[str, bool] = field(default_factory=dict)
    required: tuple[str, ...] = ()


_FILE = {"--file": True, "--file_only": False}
_UPDATE_BIOS = {
    "--file": True,
    "--staged": True,
    **dict.fromkeys(
        (
            "--reboot",
            "--flash_smbios",
            "--preserve_mer",
            "--preserve_nv",
            "--preserve_setting",
            "--kcs",
            "--erase_OA_key",
            "--backup",
            "--forward",
            "--post_complete",
            "--clear_password",
            "--erase_secure_boot_key",
            "--reset_boot_option",
            "--force_update",
        ),
        False,
    ),
}
_UPDATE_BMC = {
    "--file": True,
    **dict.fromkeys(("--overwrite_cfg", "--overwrite_sdr", "--overwrite_ssl", "--backup", "--forward"), False),
}
_CHANGE = {"--file": True, "--reboot": False, "--skip_unknown": False, "--skip_bbs": False, "--post_complete": False}
_TO_FILE = {"--file": True, "--overwrite": False}

COMMANDS = {
    command.name.lower(): command
    for command in (
        Command("GetBiosInfo", info.bios_info, {**_FILE, "--showall": False, "--extract_measurement": False}),
        Command("GetBmcInfo", info.bmc_info, {**_FILE, "--showall": False}),
        Command("CheckOOBSupport", info.oob_support),
        Command("QueryProductKey", info.product_key),
        Command("GetDmiInfo", info.dmi_info, _TO_FILE, ("--file",)),
        Command("GetCurrentBiosCfg", settings.current, {**_TO_FILE, "--tui": False}),
        Command("ChangeBiosCfg", settings.change, _CHANGE, ("--file",)),
        Command("UpdateBios", bios.update, _UPDATE_BIOS, ("--file",)),
        Command("UpdateBmc", bmc.update, _UPDATE_BMC, ("--file",)),
    )
}
_GLOBAL = {"-c": True, "-i": True, "-u": True, "-p": True, "-f": True, "-l": True, "-h": False, "--version": False}
_GLOBAL |= {"-v": False, "-I": True, "--no_banner": False, "--no_progress": False, "--show_multi_full": False}
_GLOBAL |= {"--journal_level": True, "--journal_path": True}


def main(inv: Invocation) -> Run[int]:
    """Run one command; the exit status is SUM's code."""
    if "--no_banner" not in inv.argv:
        inv.out(BANNER)
    if len(inv.argv) == 1:
        inv.out(USAGE)
        return 0
    try:
        command, options = _parse(inv.argv[1:])
        if command is None:
            inv.out(USAGE)
            return 0
        if "-i" in options or "-l" in options:
            yield 10.0  # from the host there is no way to the management network
            raise SumError(145, f"Can not connect to {options.get('-i', 'the systems of the list')}.")
        yield from command.run(_session(inv, options))
    except SumError as failure:
        inv.out(error(failure))
        return failure.code
    return 0


def _session(inv: Invocation, options: Options) -> Session:
    session = Session(inv, inv.host.server, options)
    if inv.user != "root":
        raise SumError(12, "Please run SUM as root.")
    if session.board.vendor != "supermicro" and "--file_only" not in options:
        raise SumError(38, "This is not a Supermicro system.")
    return session


def _parse(words: tuple[str, ...]) -> tuple[Command | None, Options]:
    """The command and its options. Names of commands are case-insensitive, names of options are not."""
    name = next((words[i + 1] for i, word in enumerate(words[:-1]) if word == "-c"), None)
    if name is None and not {"-h", "--version", "-v"} & set(words):
        raise SumError(5, "Option -c is missing.")
    if name is not None and name.lower() not in COMMANDS:
        raise SumError(6, f"Unknown command: {name}")
    command = COMMANDS[name.lower()] if name is not None else None
    options = _options(words, _GLOBAL | (command.options if command else {}))
    if command is None or "-h" in options:
        return None, options
    for needed in command.required:
        if needed not in options:
            raise SumError(5, f"Option {needed} is missing.")
    return command, options


def _options(words: tuple[str, ...], known: dict[str, bool]) -> Options:
    options: Options = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word not in known:
            raise SumError(2, f"Unknown option: {word}")
        if not known[word]:
            options[word] = ""
        elif rest:
            options[word] = rest.pop(0)
        else:
            raise SumError(3, f"Option {word} needs an argument.")
    return options
