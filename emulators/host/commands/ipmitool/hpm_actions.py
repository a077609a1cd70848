"""The HPM.1 commands that take long: initiate, finish, activate, roll back, and the questions after them."""

from __future__ import annotations

from emulators.bmc.reply import Reply
from emulators.host.commands.ipmitool.hpm_link import (
    ABORT,
    ACTIVATE,
    DEFAULT_TIMEOUT_S,
    FINISH,
    IN_PROGRESS,
    INITIATE,
    ROLLBACK,
    ROLLBACK_STATUS,
    SELF_TEST_RESULT,
    TIMEOUT,
    Context,
    Link,
)
from emulators.host.process import Run

ACTIVE_COPY_DIFFERS = 0x83
ROLLBACK_FAILED = 0x81


def initiate(link: Link, mask: int, action: int, context: Context) -> Run[bool]:
    reply = yield from link.send(INITIATE, bytes([0, mask, action]), context)
    if reply is not None and reply.completion_code == IN_PROGRESS:
        return (yield from link.wait(context))
    return not link.failed(reply, "Error initiating upgrade action.", "Error initiating upgrade action")


def finish(link: Link, component: int, length: int, context: Context, *, compare: bool) -> Run[bool]:
    request = bytes([0, component]) + (length & 0xFFFFFFFF).to_bytes(4, "little")
    reply = yield from link.send(FINISH, request, context)
    if reply is not None and reply.completion_code == IN_PROGRESS:
        return (yield from link.wait(context))
    if reply is not None and compare and reply.completion_code in (0, ACTIVE_COPY_DIFFERS):
        differs = "Component's active copy doesn't match the upgrade image"
        text = differs if reply.completion_code else "Comparison passed"
        link.tool.line(f"|    |{text:<72}|")
        return True
    return not link.failed(reply, "Error fininshing firmware upload.", "Error finishing firmware upload")


def activate(link: Link, context: Context | None, *, no_rollback: bool = False) -> Run[bool]:
    reply = yield from link.send(ACTIVATE, b"\0\1" if no_rollback else b"\0", context)
    if reply is None or reply.completion_code != IN_PROGRESS:
        return not link.failed(reply, "Error activating firmware.", "Error activating firmware")
    link.tool.out("Waiting firmware activation...")
    link.tool.flush()
    done = yield from link.wait(context)
    link.tool.notice("OK" if done else "Failed")
    return done


def abort(link: Link) -> Run[bool]:
    reply = yield from link.send(ABORT)
    return not link.failed(reply, "Error - aborting upgrade.", "Error aborting upgrade")


def roll_back(link: Link) -> Run[bool]:
    link.verbose -= 1
    capabilities = yield from link.capabilities()
    link.verbose += 1
    if capabilities is None:
        return False
    context = Context(capabilities)
    reply = yield from link.send(ROLLBACK, b"\0", context)
    if reply is None or reply.completion_code not in (0, IN_PROGRESS):
        return not link.failed(reply, "Error sending manual rollback.", "Error sending manual rollback")
    link.tool.out("Waiting firmware rollback...")
    link.tool.flush()
    return (yield from rollback_status(link, context))


def _poll(link: Link, command: int, context: Context | None, limit: int, again: tuple[int, ...]) -> Run[Reply | None]:
    """Ask ten times a second until the answer is another than `again`, or the time is over."""
    start = int(link.tool.wall())
    while True:
        yield 0.1
        reply = yield from link.send(command, b"\0", context)
        if reply is not None and link.retryable(reply.completion_code):
            reply = reply._replace(completion_code=IN_PROGRESS)
        if reply is None or reply.completion_code not in again or int(link.tool.wall()) - start >= limit:
            return reply


def rollback_status(link: Link, context: Context | None) -> Run[bool]:
    limit = DEFAULT_TIMEOUT_S
    if context is not None:
        of_file = context.image.rollback_timeout if context.image else 0
        limit = max(of_file, context.capabilities.rollback) * 5
    reply = yield from _poll(link, ROLLBACK_STATUS, context, limit, (IN_PROGRESS, TIMEOUT))
    if reply is not None and reply.completion_code == ROLLBACK_FAILED:
        stale = context.stale if context else 0
        link.tool.log(f"Rollback failed on component mask: 0x{stale:02x}")
        return False
    if link.failed(reply, "Error getting upgrade status.", "Error getting rollback status") or reply is None:
        return False
    mask = reply.data.ljust(2, b"\0")[1]
    occurred = f"Rollback occurred on component mask: 0x{mask:02x}"
    link.tool.notice(occurred if mask else "No Firmware rollback occurred")
    return True


def self_test_result(link: Link, context: Context | None) -> Run[bytes | None]:
    """The two result bytes, or None after printing why not."""
    limit = DEFAULT_TIMEOUT_S
    if context is not None:
        of_file = context.image.self_test_timeout if context.image else 0
        limit = max(of_file, context.capabilities.self_test) * 5 & 0xFF
    reply = yield from _poll(link, SELF_TEST_RESULT, context, limit, (IN_PROGRESS,))
    if link.failed(reply, "Error getting upgrade status\n", "Error getting self test results") or reply is None:
        return None
    results = reply.data.ljust(3, b"\0")[1:3]
    if context is not None:
        context.stale = results[0]
    if link.verbose:
        link.tool.notice("Self test results:")
        link.tool.notice(f"Result1 = {results[0]:x}")
        link.tool.notice(f"Result2 = {results[1]:x}")
    return results
