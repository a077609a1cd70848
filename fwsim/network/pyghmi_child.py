"""One IPMI request, or some time at the console, by pyghmi: question on standard input, answer on standard output, both
JSON. Then it ends.

Ended without closing the session by its parent where it takes too long; the BMC forgets an idle session by itself.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

HASHES = {3: 1, 17: 256}  # cipher suite -> how pyghmi names its hash
TAKEN, DISABLED = "SOL Session active for another client", "SOL is disabled"  # how pyghmi words them
LOOK_S = 0.1


def main() -> None:
    question = json.load(sys.stdin)
    answer = listen(question) if "seconds" in question else ask(question)
    print(json.dumps(answer), flush=True)  # noqa: T201 - the answer to the parent
    os._exit(0)  # pyghmi's threads would hold the process


def ask(question: dict[str, Any]) -> dict[str, Any]:
    """{"code", "data"} of the BMC's answer, or {"error", "refused"}."""
    from pyghmi.exceptions import IpmiException
    from pyghmi.ipmi.command import Command

    try:
        _insist_on(question.get("cipher_suite"))
        session = Command(
            question["host"], question["user"], question["password"], port=question["port"], keepalive=False
        )
        reply = session.raw_command(question["netfn"], question["command"], data=tuple(question["data"]))
    except (IpmiException, OSError) as error:
        return _failed(str(error))
    if reply.get("code", 0xFFFF) > 0xFF:  # pyghmi's own codes: no answer came
        return _failed(str(reply.get("error", "")))
    _log_out(session)
    return {"code": reply["code"], "data": list(reply["data"])}


def listen(question: dict[str, Any]) -> dict[str, Any]:
    """{"heard"} in hexadecimal: what the console wrote in `seconds` after `send`; or {"error", "refused", ...}."""
    from pyghmi.exceptions import IpmiException
    from pyghmi.ipmi.console import Console

    heard, wrong = bytearray(), []

    def take(data: Any) -> None:
        if isinstance(data, dict):
            wrong.append(str(data.get("error", data)))
        else:
            heard.extend(data)

    try:
        _insist_on(question.get("cipher_suite"))
        at = (question["host"], question["user"], question["password"])
        console = Console(*at, take, port=question["port"])
        while not (console.connected or wrong):  # the parent's patience ends this
            Console.wait_for_rsp(LOOK_S)
        if wrong:
            return _failed(wrong[0])
        if question["send"]:
            console.send_data(bytes.fromhex(question["send"]))
        ends = time.monotonic() + question["seconds"]
        while not wrong and (left := ends - time.monotonic()) > 0:
            Console.wait_for_rsp(min(left, LOOK_S))
        session = console.ipmi_session
        console.close()
        if session is not None:
            session.logout()
    except (IpmiException, OSError, NotImplementedError) as error:
        if not heard:
            return _failed(str(error))
    return {"heard": heard.hex()}


def _insist_on(suite: int | None) -> None:
    """pyghmi asks for suite 17 and falls back to 3; here a plan's own choice takes that freedom away."""
    from pyghmi.exceptions import IpmiException
    from pyghmi.ipmi.private.session import Session

    if suite is None:
        return
    if suite not in HASHES:
        raise IpmiException(f"pyghmi knows cipher suites 3 and 17, not {suite}; install ipmitool on this machine")
    init, answered = Session._initsession, Session._got_rmcp_response

    def begin(session: Any) -> None:
        init(session)
        session.attemptedhash = HASHES[suite]

    def refused(session: Any, data: Any) -> Any:
        if len(data) > 1 and data[1] and session.attemptedhash == HASHES[17]:
            session.onlogon({"error": "the BMC does not take cipher suite 17"})
            return -9
        return answered(session, data)

    Session._initsession, Session._got_rmcp_response = begin, refused


def _failed(text: str) -> dict[str, Any]:
    refused = ("Incorrect password", "Unauthorized name", "unauthorized")
    sol = {"taken": TAKEN in text, "disabled": DISABLED in text}
    return {"error": text or "no answer", "refused": any(word in text for word in refused), **sol}


def _log_out(session: Any) -> None:
    """Give the BMC its session slot back."""
    session.ipmi_session.logout()


if __name__ == "__main__":
    main()
