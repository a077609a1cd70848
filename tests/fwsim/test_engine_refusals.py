"""What the engine refuses: exit 3, and by the server's own record nothing was changed or left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from emulators.faults import Fault
from fwsim.doors import Completed
from fwsim.plan import Power
from fwsim.rehearsal.memory import MemoryHost, MemoryNetwork
from tests.fwsim.engine_bench import Bench, Between, bench

Arrange = Callable[[Path], Bench]


def damaged(test: Bench, kind: str, at: int) -> Bench:
    """One byte of a file is another; the plan has the damaged file's own hash: only the file's checksums can tell."""
    import hashlib

    entry = next(p for p in test.plan.payloads if p.kind == kind)
    data = bytearray(entry.file.read_bytes())
    data[at] ^= 0x01
    entry.file.write_bytes(data)
    test.change_payload(kind, sha256=hashlib.sha256(data).hexdigest())
    return test


def near_twin(folder: Path) -> Bench:
    return bench(folder, "x11ssh-f", server_board="x11ssm-f")


def supermicro_on_dell(folder: Path) -> Bench:
    return bench(folder, "x11ssh-f", server_board="r740")


def twins_image(folder: Path) -> Bench:
    test, other = bench(folder / "a", "x11ssh-f"), bench(folder / "b", "x11ssm-f")
    for entry in other.plan.payloads:
        test.change_payload(entry.kind, file=entry.file, sha256=entry.sha256)
    return test


def twins_bios_image(folder: Path) -> Bench:
    test, other = bench(folder / "a", "x11ssh-f"), bench(folder / "b", "x11ssm-f")
    entry = next(p for p in other.plan.payloads if p.kind == "bios")
    test.change_payload("bios", file=entry.file, sha256=entry.sha256)
    return test


def another_hash(folder: Path) -> Bench:
    test = bench(folder)
    test.change_payload("bmc", sha256="0" * 64)
    return test


def corrupt_header(folder: Path) -> Bench:
    return damaged(bench(folder), "bmc", 15)


def corrupt_action(folder: Path) -> Bench:
    return damaged(bench(folder), "bmc", 57)


def corrupt_md5(folder: Path) -> Bench:
    return damaged(bench(folder), "bmc", -1)


def corrupt_body(folder: Path) -> Bench:
    return damaged(bench(folder), "bios", -1)


def one_feed(folder: Path) -> Bench:
    test = bench(folder)
    test.change(power=Power(feeds=1))
    return test


def dead_supply(folder: Path) -> Bench:
    test = bench(folder)
    test.server.set_mains(1, False)
    return test


def missing_intermediate(folder: Path) -> Bench:
    test = bench(folder)
    test.change_payload("bmc", requires=">=3.89")
    return test


def downgrade(folder: Path) -> Bench:
    return bench(folder, versions={"bmc": "3.95"})


def bios_without_its_bmc(folder: Path) -> Bench:
    test = bench(folder, bios_requires_bmc="3.90")
    test.keep_only("bios")
    return test


def silent_bmc(folder: Path) -> Bench:
    test = bench(folder)
    test.network = MemoryNetwork(test.server, "192.0.2.77", *test.prepared.bmc_login)
    return test


def wrong_bmc_password(folder: Path) -> Bench:
    test = bench(folder)
    test.network = MemoryNetwork(test.server, test.prepared.spec.bmc_address, "ADMIN", "wrong")
    return test


def another_servers_bmc(folder: Path) -> Bench:
    test, other = bench(folder / "a"), bench(folder / "b", "x11ssm-f")
    test.network = MemoryNetwork(other.server, other.prepared.spec.bmc_address, *other.prepared.bmc_login)
    return test


def wrong_ssh_password(folder: Path) -> Bench:
    test = bench(folder)
    test.host = Between(MemoryHost(test.server, "root", "wrong"))
    return test


def silent_host(folder: Path) -> Bench:
    test = bench(folder)
    test.server.power_off()
    return test


def no_ipmitool(folder: Path) -> Bench:
    return bench(folder, missing=("ipmitool",))


def no_ipmitool_and_no_package(folder: Path) -> Bench:
    test = bench(folder, missing=("ipmitool", "apt-get", "dnf"))
    test.change(policy=test.plan.policy.model_copy(update={"install_ipmitool": True}))
    return test


def no_sum(folder: Path) -> Bench:
    return bench(folder, missing=("sum",))


def always_damaged_on_the_way(folder: Path) -> Bench:
    return bench(folder, faults=(Fault(kind="payload-corrupted", times=2),))


REFUSALS: list[tuple[Arrange, str]] = [
    (near_twin, "X11SSM-F"),
    (supermicro_on_dell, "Dell Inc. 0P9G3T"),
    (twins_image, "X11SSM-F"),
    (twins_bios_image, "board id"),
    (another_hash, "SHA-256"),
    (corrupt_header, "damaged"),
    (corrupt_action, "damaged"),
    (corrupt_md5, "damaged"),
    (corrupt_body, "damaged"),
    (one_feed, "power.feeds is 1"),
    (dead_supply, "PS2"),
    (missing_intermediate, "requires >=3.89"),
    (downgrade, "older"),
    (bios_without_its_bmc, "needs a BMC >=3.90"),
    (silent_bmc, "silent"),
    (wrong_bmc_password, "refused ADMIN"),
    (another_servers_bmc, "another server's"),
    (wrong_ssh_password, "refused the user root"),
    (silent_host, "does not answer"),
    (no_ipmitool, "ipmitool"),
    (no_ipmitool_and_no_package, "ipmitool"),
    (no_sum, "sum"),
    (always_damaged_on_the_way, "damaged on the way 2 times"),
]


@pytest.mark.parametrize(("arrange", "reason"), REFUSALS, ids=lambda value: getattr(value, "__name__", None))
def test_it_is_refused_and_nothing_was_changed(arrange: Arrange, reason: str, tmp_path: Path) -> None:
    test = arrange(tmp_path)
    ended = test.run()
    assert (ended.ending, ended.exit_code) == ("refused", 3), ended.message
    assert reason in ended.message
    assert ended.remedy
    assert test.untouched


def test_a_synthetic_image_is_refused_without_any_override(tmp_path: Path) -> None:
    test = bench(tmp_path)
    test.synthetic = False
    ended = test.run()
    assert ended.ending == "refused"
    assert "synthetic" in ended.message
    assert test.untouched


def test_a_payload_damaged_once_on_the_way_is_sent_again(tmp_path: Path) -> None:
    test = bench(tmp_path, faults=(Fault(kind="payload-corrupted", times=1),))
    assert test.run().ending == "updated"


def test_ipmitool_is_installed_where_the_plan_allows_it(tmp_path: Path) -> None:
    test = bench(tmp_path, missing=("ipmitool",))
    test.change(policy=test.plan.policy.model_copy(update={"install_ipmitool": True}))
    assert test.run().ending == "updated"
    assert ("host", "apt-get install -y ipmitool") in test.changing


def test_a_flash_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    test = bench(tmp_path)
    theirs = bench(tmp_path / "theirs")
    theirs.server = test.server
    start = (
        "systemd-run",
        "--unit=fwsim-flash",
        "--description=fwsim run=OTHER step=bmc-flash sha256=0",
        "sleep",
        "3000",
    )
    from fwsim.rehearsal.memory import drive

    assert drive(test.host.run(start)).status == 0
    ended = test.run()
    assert ended.ending == "refused"
    assert "run=OTHER" in ended.message
    assert test.untouched


def test_a_refusal_that_cannot_take_its_files_away_is_no_refusal(tmp_path: Path) -> None:
    test = bench(tmp_path, faults=(Fault(kind="payload-corrupted", times=2),))

    def keeps(number: int, done: Completed) -> Completed:
        if done.argv[0] == "test":
            return Completed(done.argv, 0, "", "")
        return done

    test.host.after = keeps
    ended = test.run()
    assert (ended.ending, ended.exit_code) == ("failed", 1)
    assert "/var/tmp/fwsim-TEST" in ended.remedy


def test_a_refusal_after_a_flash_is_a_failure_that_says_what_was_done(tmp_path: Path) -> None:
    test = bench(tmp_path)
    flashed: list[bool] = []

    def wrong_dmi(number: int, done: Completed) -> Completed:
        if done.argv[:2] == ("ipmitool", "mc") and "reset" in done.argv:
            flashed.append(True)
        if flashed and done.argv == ("modprobe", "ipmi_devintf"):
            return Completed(done.argv, 1, "", "modprobe: FATAL: Module ipmi_devintf not found")
        return done

    test.host.after = wrong_dmi
    ended = test.run()
    assert (ended.ending, ended.exit_code) == ("failed", 1)
    assert "BMC updated to 3.90" in ended.message
