"""Reboot the host and wait for it: it must answer steadily, and under another boot id.

A host that does not come back is not touched again; what can be seen of it from outside goes into the message.
"""

from __future__ import annotations

from functools import partial
from typing import NoReturn

from fwsim import waiting
from fwsim.context import Context
from fwsim.doors import (
    BmcAuthenticationRefused,
    BmcUnreachable,
    CommandTimeout,
    DoorError,
    HostKeyRefused,
    HostUnreachable,
)
from fwsim.outcomes import Fail, Interrupt, NeedsHands
from fwsim.steps import Planned, reading
from fwsim.steps.stillness import SAMPLE_S, STILL_S, Stillness
from fwsim.steps.unstick import Console

REBOOT = ("reboot",)
POWER_OFF = ("shutdown", "-h", "now")
LOCAL_REBOOT, LOCAL_POWER_OFF = ("shutdown", "-r", "+1"), ("shutdown", "-h", "+1")  # time to write the last word
SEND_TRIES = 2
DOWN_WITHIN_S = 120.0
ROUND_S = 240.0  # of a wait: then it is seen whether the host wants a key
CHASSIS_STATUS, CHASSIS_CONTROL, POWER_UP = (0x00, 0x01), (0x00, 0x02), 0x01


def planned(power_cycle: bool, local: bool = False) -> tuple[Planned, ...]:
    if local:
        return (Planned("host", LOCAL_POWER_OFF if power_cycle else LOCAL_REBOOT),)
    if not power_cycle:
        return (Planned("host", REBOOT),)
    return (Planned("host", POWER_OFF), Planned("bmc", _words(*CHASSIS_CONTROL, POWER_UP)))


async def reboot(context: Context, why: str) -> None:
    """An orderly restart by the operating system."""
    await reading.boot_id(context)
    context.intend(f"reboot {why}", "host")
    context.changed("host", "the host was rebooted")
    if context.plan.host.local:
        await _leave(context, LOCAL_REBOOT, "once it is back")
    await _send(context, REBOOT)


async def power_cycle(context: Context, why: str) -> None:
    """An orderly shutdown, then power on over LAN: some boards apply a BIOS only then."""
    await reading.boot_id(context)
    context.intend(f"power cycle {why}", "host")
    context.changed("host", "the host was power cycled")
    if context.plan.host.local:
        await _leave(context, LOCAL_POWER_OFF, "power it on again from outside; then")
    await _send(context, POWER_OFF)
    await power_on_again(context)


async def _leave(context: Context, argv: tuple[str, ...], then: str) -> NoReturn:
    """fwsim runs on the host that goes down: the run ends before it, and is gone on with after it."""
    await context.must(argv, changes=True)
    raise Interrupt(
        "the host goes down in a minute, and fwsim with it", f"{then}: `fwsim resume {context.job.run_id}` on it"
    )


async def power_on_again(context: Context) -> None:
    """Once the host has gone off by itself."""
    began, deadline_s = context.now(), context.board.deadlines.shutdown_s
    while await is_on(context):
        if context.now() - began >= deadline_s:
            raise Fail(f"the host did not shut down within {deadline_s} s", "look at its console")
        await context.sleep(context.board.waits.poll_s)
    reply = await context.lan(*CHASSIS_CONTROL, bytes([POWER_UP]))
    if reply.completion_code != 0:
        raise Fail(
            f"the BMC did not power the host on: completion code {reply.completion_code:#04x}",
            "power it on: `ipmitool chassis power on` over LAN",
        )


async def wait(context: Context, deadline_s: float, before: str) -> float:
    """Seconds until the host was back under another boot id than `before`.

    Not given up before `deadline_s`, nor, up to twice that, while POST code, event log or console still change (rule
    11). One that waits for a key gets it over the console. Raises NeedsHands with what can be seen.
    """
    began, clock = context.now(), context.doors.clock
    if (context.found.resumed or not before) and await _new_boot(context, before):
        await reading.load_modules(context)
        return 0.0
    await waiting.until_silent(clock, context.doors.host.answers, context.board.deadlines.shutdown_s)
    waits, stillness = context.board.waits, Stillness(context)
    console, longest_s = (
        Console(context, stillness, min(context.board.deadlines.host_boot_s, deadline_s)),
        2 * deadline_s,
    )
    while (waited := context.now() - began) < deadline_s or (stillness.still_s < STILL_S and waited < longest_s):
        if console.due(waited) and await console.help():
            deadline_s = max(deadline_s, waited + context.board.deadlines.host_boot_s)
        left = min(deadline_s - waited, ROUND_S) if waited < deadline_s else SAMPLE_S
        patience = waiting.Patience(left, waits.poll_s, waits.steady)
        ask = partial(_answers, context, stillness)
        steady = await waiting.until_steady(clock, ask, patience, partial(_tell, context))
        if steady.answers and await _new_boot(context, before):
            await reading.load_modules(context)
            return context.now() - began
        await context.sleep(waits.poll_s)
    if await context.doors.host.answers():
        raise Fail(
            f"the host answers, but has not restarted within {deadline_s:g} s: its boot id is still {before}",
            "look at its console: something may hold the shutdown up",
        )
    raise NeedsHands(
        f"the host did not come back within {waited:.0f} s; {await evidence(context)}, {stillness.tell()}; "
        f"nothing that can be seen of it has changed for {stillness.still_s / 60:.0f} min",
        what_next(context),
    )


async def _answers(context: Context, stillness: Stillness) -> bool:
    if await context.doors.host.answers():
        return True
    await stillness.look()
    return False


def what_next(context: Context) -> str:
    """For a host that stays away: no act before the evidence is weighed, for what is right depends on it."""
    return f"`fwsim diagnose {context.job.run_id}` weighs what can be seen, and says what comes first"


async def evidence(context: Context) -> str:
    """What the BMC says of a host that is silent. Never raises."""
    try:
        seen = [f"power is {'on' if await is_on(context) else 'off'}"]
        if context.board.bmc.post_code is not None:
            netfn, command, *data = context.board.bmc.post_code
            reply = await context.lan(netfn, command, bytes(data))
            seen.append(f"POST code {reply.data.hex()}" if reply.completion_code == 0 else "no POST code")
        return ", ".join(seen)
    except BmcAuthenticationRefused:
        return "the BMC answers, but refuses the login"
    except (BmcUnreachable, IndexError):
        return "the BMC does not answer either"


async def _send(context: Context, argv: tuple[str, ...]) -> None:
    """The connection may break before the command's end is heard: then the host goes down, or it never heard of it."""
    before = context.found.boot_id
    for _ in range(SEND_TRIES):
        try:
            sent = await context.run(argv, changes=True)
        except (HostUnreachable, CommandTimeout):
            silent = await waiting.until_silent(context.doors.clock, context.doors.host.answers, DOWN_WITHIN_S)
            if silent or await _new_boot(context, before):
                return
            continue
        if sent.status == 0:
            return
        raise Fail(f"`{' '.join(argv)}` exited {sent.status}: {sent.stderr.strip()}", "look at the host")
    raise Fail(f"`{' '.join(argv)}` was sent {SEND_TRIES} times over a broken connection, and nothing came of it")


async def _new_boot(context: Context, before: str) -> bool:
    """Raises HostKeyRefused: that is not the host that went down, or somebody has made it another one."""
    try:
        return await reading.boot_id(context, patience_s=0) != before
    except HostKeyRefused:
        raise
    except DoorError:
        return False


async def is_on(context: Context) -> bool:
    """The host's power, as the BMC says over LAN. Raises BmcUnreachable, BmcAuthenticationRefused."""
    return bool((await context.lan(*CHASSIS_STATUS)).data[0] & 1)


def _tell(context: Context, waited_s: float, row: int) -> None:
    text = "the host is silent" if row == 0 else f"the host answers, {row} in a row"
    context.progress(f"{text}, {waited_s:.0f} s")


def _words(*data: int) -> tuple[str, ...]:
    return ("raw", *(f"{byte:#04x}" for byte in data))
