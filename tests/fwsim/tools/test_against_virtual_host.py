"""The parsers on what a virtual host's own commands print: two sides that share no code, back to back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from emulators import boards as truth
from emulators import packages
from emulators.server import VirtualServer
from emulators.spec import ServerSpec
from emulators.world import World
from fwsim import boards
from fwsim.doors import Completed
from fwsim.rehearsal.memory import MemoryHost, drive
from fwsim.tools import df, dmidecode, efibootmgr, iplink, kernel, racadm, sha256sum, systemd
from fwsim.tools import sum as supermicro
from fwsim.tools.ipmitool import chassis, hpm, lan, mc, raw, sdr, sel, user, watchdog

BOARDS = boards.names()
SUPERMICRO = [name for name in BOARDS if boards.load(name).vendor == "supermicro"]
DELL = [name for name in BOARDS if boards.load(name).vendor == "dell"]
LOG = "/var/tmp/flash.log"


@dataclass
class Machine:
    """A virtual server that is up, and its host's shell."""

    server: VirtualServer
    host: MemoryHost

    @property
    def board(self) -> truth.Board:
        return self.server.board

    def run(self, argv: Sequence[str]) -> Completed:
        return drive(self.host.run(argv, timeout_s=3600))

    def payload(self, kind: boards.Kind, board: str = "", version: str = "9.10") -> str:
        """A file on the host; its path."""
        package = packages.make(truth.load(board) if board else self.board, kind, version)
        path = f"/var/tmp/{package.name}"
        self.server.host.files.write(path, package.data)
        return path

    def flash(self, argv: Sequence[str]) -> list[str]:
        """Run a flash detached; the log at every look until its unit has ended."""
        tag = systemd.Tag("run", "step", "0" * 64)
        started = self.run(systemd.run_detached(argv, tag, log=LOG, standard_input="/dev/null"))
        assert started.status == 0, started.stderr
        logs: list[str] = []
        while True:
            unit = systemd.parse_show(self.run(systemd.show()).stdout)
            assert unit.tag == tag
            logs.append(self.server.host.files.read(LOG).decode())
            if unit.state == "ended":
                return logs
            self.server.advance(self.server.now + 5)


def machine(board: str) -> Machine:
    server = VirtualServer(ServerSpec(board=board, name="test", hostname="test"), World())
    found = Machine(server, MemoryHost(server))
    for module in kernel.IPMI_MODULES:
        found.run(kernel.modprobe(module))
    return found


READINGS: list[tuple[Sequence[str], Callable[[str], Any]]] = [
    (mc.INFO, mc.parse_info),
    (mc.GUID, mc.parse_guid),
    (raw.GUID, lambda text: raw.parse_guid(raw.parse(text))),
    (raw.lan_mac(1), lambda text: raw.parse_lan_mac(raw.parse(text))),
    (lan.show(1), lambda text: lan.parse(text, 1)),
    (user.show(1), user.parse),
    (sdr.POWER_SUPPLIES, sdr.parse),
    (watchdog.GET, watchdog.parse),
    (chassis.POWER_STATUS, chassis.parse_power),
    (dmidecode.BASEBOARD, dmidecode.parse_baseboard),
    (dmidecode.BIOS, dmidecode.parse_bios),
    (dmidecode.SYSTEM, dmidecode.parse_system),
    (dmidecode.keyword("bios-version"), dmidecode.parse_keyword),
    (kernel.LSMOD, kernel.parse_lsmod),
    (kernel.BOOT_ID, kernel.parse_boot_id),
    (df.argv("/var/tmp"), df.parse_available_bytes),
    (efibootmgr.LIST, efibootmgr.parse),
    (iplink.LIST, iplink.parse),
    (systemd.show(), systemd.parse_show),
]


@pytest.mark.parametrize("board", BOARDS)
def test_every_reading_of_a_healthy_server_is_parsed(board: str) -> None:
    server = machine(board)
    for argv, parse in READINGS:
        assert parse(server.run(argv).stdout) is not None, argv


@pytest.mark.parametrize("board", BOARDS)
def test_a_server_is_recognised_as_its_board(board: str) -> None:
    server, known = machine(board), boards.load(board)
    base = dmidecode.parse_baseboard(server.run(dmidecode.BASEBOARD).stdout)
    assert known.is_baseboard(base.manufacturer, base.product)
    info = mc.parse_info(server.run(mc.INFO).stdout)
    assert info.manufacturer_id == known.bmc.manufacturer_id
    assert info.product_id in known.bmc.product_ids
    supplies = sdr.parse(server.run(sdr.POWER_SUPPLIES).stdout)
    assert {s.name for s in supplies} == set(known.bmc.power_supplies)
    assert sdr.contradict(supplies, 2) == ""


@pytest.mark.parametrize("board", BOARDS)
def test_the_bmc_s_version_is_read_where_the_board_has_it_whole(board: str) -> None:
    server, known = machine(board), boards.load(board)
    match known.bmc.version_from:
        case "mc-info":
            version = mc.parse_info(server.run(mc.INFO).stdout).version
        case "getversion":
            version = racadm.parse_versions(server.run(racadm.GET_VERSION).stdout).idrac
        case "sum":
            image = supermicro.parse_bmc_info(server.run(supermicro.get_bmc_info()).stdout).managed
            assert image is not None
            version = image.version
    assert version == server.board.bmc.version


@pytest.mark.parametrize("board", BOARDS)
def test_the_lan_mode_is_read(board: str) -> None:
    server, known = machine(board), boards.load(board)
    if known.bmc.lan_mode is not None:
        mode = raw.parse(server.run(raw.argv(*known.bmc.lan_mode.get_bytes())).stdout)
        assert known.bmc.lan_mode.modes[mode[0]].split()[0] == server.board.bmc.lan_mode
    if known.bmc.racadm_nic_selection:
        assert racadm.parse_nic_selection(server.run(racadm.NIC_SELECTION).stdout)


def test_a_channel_that_is_none_is_told() -> None:
    assert lan.is_no_lan_channel(machine("x11ssh-f").run(lan.show(8)).stderr)


def test_an_empty_event_log_is_empty() -> None:
    done = machine("x11ssh-f").run(sel.LIST)
    assert sel.parse(done.stdout, done.stderr) == ()


def test_a_file_s_hash_is_read() -> None:
    server = machine("x11ssh-f")
    path = server.payload("bmc")
    assert len(sha256sum.parse(server.run(sha256sum.argv(path)).stdout)) == 64


@pytest.mark.parametrize("board", BOARDS)
def test_a_board_says_whether_it_has_hpm(board: str) -> None:
    server = machine(board)
    done = server.run(hpm.TARGET_CAPABILITIES)
    table = server.run(hpm.check())
    check = hpm.parse_check(table.stdout, table.stderr, table.status)
    assert check.supported is (boards.load(board).bmc.method("hpm") is not None)
    if check.supported:
        assert hpm.parse_capabilities(raw.parse(done.stdout)).components == tuple(c.id for c in check.components)
        assert check.components[0].active == server.board.bmc.version
    else:
        assert raw.completion_code(done.stderr) == 0xC1


@pytest.mark.parametrize("board", ["x11ssh-f", "x11ssm-f"])
def test_an_upgrade_is_followed_from_its_first_percent_to_its_end(board: str) -> None:
    server = machine(board)
    path = server.payload("bmc")
    done = server.run(hpm.check(path))
    assert hpm.parse_check(done.stdout, done.stderr, done.status).clean
    seen = [hpm.parse_upgrade(log) for log in server.flash(hpm.upgrade(path))]
    percents = [found.percent for found in seen if found.percent is not None]
    assert percents == sorted(percents)
    assert len(set(percents)) > 5
    assert seen[-1].complete
    assert not any(found.complete for found in seen[:-1])
    assert (seen[-1].failed, seen[-1].rolled_back, seen[-1].complaints) == (False, False, ())


def test_the_check_of_the_twin_s_file_is_not_clean() -> None:
    server = machine("x11ssh-f")
    done = server.run(hpm.check(server.payload("bmc", "x11ssm-f")))
    check = hpm.parse_check(done.stdout, done.stderr, done.status)
    assert not check.clean
    assert any("Invalid image file for product" in line for line in check.refusals)


@pytest.mark.parametrize("board", SUPERMICRO)
def test_sum_reads_the_system_and_the_file(board: str) -> None:
    server = machine(board)
    running = supermicro.parse_bios_info(server.run(supermicro.get_bios_info()).stdout).managed
    assert running is not None
    assert (running.board, running.version) == (server.board.bios.board_id, server.board.bios.version)
    file = supermicro.parse_bios_info(server.run(supermicro.get_bios_info(server.payload("bios"))).stdout).file
    assert file is not None
    assert (file.board, file.version) == (server.board.bios.board_id, "9.10")
    keys = supermicro.product_keys(server.run(supermicro.QUERY_PRODUCT_KEY).stdout)
    assert keys == server.board.licences


@pytest.mark.parametrize("board", SUPERMICRO)
def test_a_bios_update_by_sum_is_followed_to_its_end(board: str) -> None:
    server = machine(board)
    seen = [supermicro.parse_update(log) for log in server.flash(supermicro.update_bios(server.payload("bios")))]
    assert seen[-1].complete
    assert seen[-1].settings_reset
    assert seen[-1].staged is (server.board.bios.applies == "staged")
    assert len({(found.stage, found.percent) for found in seen}) > 5
    assert seen[-1].complaints == ()


def test_a_bmc_update_by_sum_is_followed_to_its_end() -> None:
    server = machine("x10dri")
    seen = [supermicro.parse_update(log) for log in server.flash(supermicro.update_bmc(server.payload("bmc")))]
    assert [found.stage for found in seen if found.stage][0] == "uploading"
    assert any(found.stage == "writing" and found.percent not in (None, 0, 100) for found in seen)
    assert seen[-1].complete
    assert seen[-1].complaints == ()


def test_sum_refuses_another_board_s_image_with_the_guide_s_code() -> None:
    server = machine("x11ssh-f")
    done = server.run(supermicro.update_bios(server.payload("bios", "x11ssm-f")))
    assert done.status == supermicro.WRONG_BOARD
    found = supermicro.parse_update(done.stdout)
    assert not found.complete
    assert found.complaints


@pytest.mark.parametrize("board", DELL)
def test_a_bios_update_by_racadm_becomes_a_scheduled_job(board: str) -> None:
    server = machine(board)
    before = racadm.parse_jobs(server.run(racadm.JOBS).stdout)
    assert racadm.parse_update(server.run(racadm.update(server.payload("bios"))).stdout).accepted
    jobs: list[racadm.Job] = []
    while not jobs or (jobs[-1].status in ("New", "Downloading") and len(jobs) < 100):
        job = racadm.new_job(before, racadm.parse_jobs(server.run(racadm.JOBS).stdout), "bios")
        assert job is not None
        jobs.append(job)
        server.server.advance(server.server.now + 5)
    assert (jobs[-1].status, jobs[-1].state) == ("Scheduled", "waiting")
    assert None not in [job.state for job in jobs]
    assert racadm.parse_jobs(server.run(racadm.job(jobs[-1].id)).stdout) == (jobs[-1],)


@pytest.mark.parametrize("board", DELL)
def test_racadm_s_readings_are_parsed(board: str) -> None:
    server = machine(board)
    info = racadm.parse_system_info(server.run(racadm.SYSTEM_INFO).stdout)
    assert (info.model, info.bios) == (server.board.system_product, server.board.bios.version)
    assert racadm.parse_power(server.run(racadm.POWER_STATUS).stdout)


def test_racadm_s_refusal_keeps_its_own_words() -> None:
    server = machine("r740")
    refused = racadm.parse_update(server.run(racadm.update("/var/tmp/none.EXE")).stdout)
    assert not refused.accepted
    assert refused.complaint.startswith("ERROR")
