"""From a plan to the doors of a real server: what of it reaches the clients."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from fwsim import endpoints
from fwsim.network import BmcAddress, IpmitoolNetwork
from fwsim.plan import BmcEndpoint, HostEndpoint, PayloadEntry, Plan, Power
from fwsim.secret import Secret, SecretUnavailable


def a_plan(**bmc: object) -> Plan:
    entry = PayloadEntry(kind="bmc", file=Path("x.hpm"), version="3.90", sha256="0" * 64)
    at = {"address": "192.0.2.20", "user": "ADMIN", "password": Secret(env="BMC_SECRET"), **bmc}
    host = HostEndpoint(address="192.0.2.10")
    return Plan.model_validate(
        {"board": "x11ssh-f", "host": host, "bmc": BmcEndpoint.model_validate(at), "payloads": (entry,),
         "power": Power(feeds=2)}
    )  # fmt: skip


def address(plan: Plan) -> BmcAddress:
    async def opened() -> BmcAddress:
        async with endpoints.doors(plan) as doors:
            found: BmcAddress = doors.network.address  # type: ignore[attr-defined]  # both clients have one
            return found

    return asyncio.run(opened())


def test_the_plans_cipher_suite_reaches_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BMC_SECRET", "hunter2")
    assert address(a_plan(cipher_suite=3)).cipher_suite == 3
    assert address(a_plan()).cipher_suite is None


@pytest.mark.parametrize("password", ["x" * 21, "ü" * 11])
def test_a_password_that_ipmi_cannot_carry_is_told_before_anything_is_tried(
    password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BMC_SECRET", password)
    with pytest.raises(SecretUnavailable) as error:
        address(a_plan())
    assert "IPMI takes 20 at the most" in str(error.value)
    assert "BMC_SECRET" in str(error.value)
    assert password not in str(error.value)


def test_twenty_bytes_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BMC_SECRET", "x" * 20)
    assert address(a_plan()).password == "x" * 20


def test_ipmitool_is_told_the_cipher_suite(tmp_path: Path) -> None:
    program = tmp_path / "ipmitool"
    program.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/argv\necho 00\n')
    program.chmod(0o700)
    for suite, words in ((3, " -C 3 "), (None, "")):
        network = IpmitoolNetwork(BmcAddress("192.0.2.1", "ADMIN", "x", cipher_suite=suite), program=str(program))
        asyncio.run(network.raw(0x06, 0x37))
        argv = (tmp_path / "argv").read_text()
        assert words in argv if words else "-C" not in argv
