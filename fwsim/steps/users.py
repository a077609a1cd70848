"""The BMC's users after a flash: compared with the backup, made again with the passwords that the plan knows.

A password goes to the host on standard input, as a line for `ipmitool exec /dev/stdin`: never in an argv. Whether a
password is still the right one is asked in band, which is no login and locks nobody out.
"""

from __future__ import annotations

from dataclasses import replace

from fwsim.context import Context, Job, last_line
from fwsim.outcomes import Fail, Result, done, skipped
from fwsim.paths import Hop
from fwsim.steps import Planned, reading
from fwsim.tools import ipmitool
from fwsim.tools.ipmitool import user
from fwsim.tools.ipmitool.user import User

REMEDY = "set it again in band: `ipmitool user set name`, `user set password`, `channel setaccess`, `user enable`"
UNKNOWN = "give its source in the plan (bmc: {users: {NAME: {env: ...}}}), or set the password again in band"


def commands(job: Job) -> tuple[Planned, ...]:
    """What is run however many users there are; those that are lost are made again one by one."""
    channel = job.board.bmc.channels[0]
    rows = [Planned("host", argv) for argv in (user.show(channel), user.show_access(channel))]
    one = User(0, "NAME", True, True, True, "ADMINISTRATOR")
    lost = (user.set_name(0, "NAME"), ipmitool.EXEC, user.set_access(channel, one), user.switch(0, True))
    return (
        *rows,
        Planned("host", ipmitool.EXEC, "for each password that is known: is it still the right one?"),
        *(Planned("host", argv, "for each user that was lost, by its number") for argv in lost),
    )


async def compare(context: Context, image: Hop) -> Result:
    """Every slot as it was, every known password the right one. Raises Fail where the plan's own user stays lost."""
    if not context.found.was_written(image):
        return skipped("nothing was flashed")
    if "user-list" not in context.found.backup:
        return skipped("there is no backup of them")
    before = _before(context)
    lost = user.differences(before, await reading.users_with_access(context))
    wrong = await _wrong_passwords(context, before)
    if not lost and not wrong:
        count = sum(not u.is_empty for u in before)
        return done(f"{count} user{'s' * (count != 1)} as before")
    changed = [f"users changed: {words(lost)}"] if lost else []
    context.warn("; ".join([*changed, *(f"the password of {u.name} is another" for u in wrong)]))
    if not context.plan.policy.restore:
        _leave(context, lost, wrong)
        return done(f"{len(lost)} users changed; the plan does not let them be put back")
    await _put_back(context, before, wrong)
    return await _judged(context, before, wrong)


def _before(context: Context) -> tuple[User, ...]:
    access = context.found.backup.get("user-access")
    return user.with_access(user.parse(context.found.backup["user-list"]), user.parse_access(access) if access else {})


def _known(context: Context, one: User) -> str | None:
    """The password that the plan has a source for, if a BMC takes one of that length."""
    password = context.doors.passwords.get(one.name) if one.name else None
    return password if password and len(password.encode()) <= user.LONG else None


async def _wrong_passwords(context: Context, before: tuple[User, ...]) -> list[User]:
    """Users of before whose known password is not the right one any more, or who have none of their own now."""
    if not context.plan.policy.restore:
        return []
    wrong = []
    for one in before:
        password = _known(context, one)
        if password is not None and not await _is_right(context, one, password):
            wrong.append(one)
    return wrong


async def _is_right(context: Context, one: User, password: str) -> bool:
    context.fact("allowed", "users")  # by the plan's policy; asking changes nothing
    answer = await context.read(ipmitool.EXEC, stdin=user.test_password(one.id, password))
    found = user.parse_test(answer.stdout, answer.stderr, answer.status)
    if found == "unknown":
        context.warn(f"the password of {one.name} cannot be tested: {last_line(answer.stderr)}")
    return found != "wrong"


async def _put_back(context: Context, before: tuple[User, ...], wrong: list[User]) -> None:
    context.intend("put back the BMC's users", "bmc")
    context.changed("users", "the BMC's users were put back")
    now = {u.id: u for u in await reading.users_with_access(context)}
    for one in before:
        there = now.get(one.id)
        if one.is_empty and there is not None and not there.is_empty:
            await context.change(user.switch(one.id, False))
            item = f"user {one.id} ({there.name}) was not there before; it is disabled"
            context.unrestored(item, "look whose it is; take it away in the BMC's web page")
        elif not one.is_empty and (there is None or user.differences((one,), (there,)) or one in wrong):
            await _make(context, one, there)


async def _make(context: Context, one: User, there: User | None) -> None:
    """Name, password, access, and last of all whether it may log in."""
    same_name = there is not None and there.name == one.name
    if one.name and not same_name:
        await context.change(user.set_name(one.id, one.name))
    known = _known(context, one)
    if known is not None:
        await _set_password(context, one, known)
    elif not same_name:
        item = f"the password of user {one.id} ({one.name}) is lost"
        context.unrestored(f"{item}; it is disabled", UNKNOWN)
        one = replace(one, enabled=False)
    await context.change(user.set_access(context.found.channel, one))
    if one.enabled is not None:
        await context.change(user.switch(one.id, one.enabled))


async def _set_password(context: Context, one: User, password: str) -> None:
    answer = await context.change(ipmitool.EXEC, stdin=user.set_password(one.id, password))
    if answer.status != 0:
        context.warn(f"the password of {one.name} was not taken: {last_line(answer.stderr)}")


async def _judged(context: Context, before: tuple[User, ...], wrong: list[User]) -> Result:
    """Read again. Without the plan's own user nothing goes on; any other's loss is told at the end."""
    still = user.differences(before, await reading.users_with_access(context))
    again = {u.name for u in await _wrong_passwords(context, before)}
    own = next((u for u in before if u.name == context.plan.bmc.user), None)
    if own is not None and (f"user {own.id}" in still or own.name in again):
        raise Fail(f"the BMC's user {own.name}, by which it is reached, could not be put back", REMEDY)
    told = " ".join(context.found.unrestored)
    for key, (was, now) in still.items():
        if f"{key} (" not in told:
            context.unrestored(f"{key} is {now} (was {was})", REMEDY)
    for name in again:
        context.unrestored(f"the password of {name} could not be set", REMEDY)
    if wrong:  # one was reset: nobody can tell whether those that the plan does not know were
        _unknown(context, before, told)
    return done("the BMC's users were put back" if not context.found.unrestored else "not every user was put back")


def _unknown(context: Context, before: tuple[User, ...], told: str) -> None:
    for one in before:
        if one.name and _known(context, one) is None and f"user {one.id} (" not in told:
            context.unrestored(f"the password of user {one.id} ({one.name}) may be the factory's now", UNKNOWN)


def _leave(context: Context, lost: dict[str, tuple[str, str]], wrong: list[User]) -> None:
    for key, (was, now) in lost.items():
        context.unrestored(f"{key} is {now} (was {was})", REMEDY)
    for one in wrong:
        context.unrestored(f"the password of {one.name} is another", REMEDY)


def words(differences: dict[str, tuple[str, str]]) -> str:
    return ", ".join(
        f"{key} {after or 'nothing'} (was {before or 'nothing'})" for key, (before, after) in differences.items()
    )
