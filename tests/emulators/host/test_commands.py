"""The commands' texts, and which of them no public source confirmed."""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from emulators.host import commands
from emulators.host.commands.machine_ipmitool import served_by_the_machine
from emulators.host.process import External, Invocation, Stdin
from tests.emulators.host.machine import Machine

INVENTED = {"apt", "apt-get", "dmesg", "dnf", "dpkg", "efibootmgr", "yum"}


def test_the_invented_commands_are_these() -> None:
    found = {name for name, row in commands.TABLE.items() if row.source == commands.INVENTED}
    sys.stdout.write(f"invented: {' '.join(sorted(found))}\n")
    assert found == INVENTED
    assert all(row.source for row in commands.TABLE.values())


@pytest.mark.parametrize("name", sorted(commands.TABLE))
def test_every_row_of_the_table_is_a_command(name: str) -> None:
    assert callable(commands.load(name))


@pytest.mark.parametrize("name", sorted(set(commands.TABLE) - {"bash", "sh", "[", "test"}))
def test_no_command_breaks_on_words_that_it_does_not_know(name: str) -> None:
    for words in ("", "--nonsense", "-Q", "/nonexistent", "-n", "a b c", "'' ''"):
        machine = Machine(distribution="rocky" if name in ("dnf", "yum") else "debian")
        path = f"{commands.TABLE[name].directory}/{name}"
        assert machine.run(f"{path} {words}").status in range(256)


def test_modprobe_and_lsmod() -> None:
    machine = Machine()
    done = machine.run("modprobe nosuch")
    assert done.status == 1
    assert done.err == "modprobe: FATAL: Module nosuch not found in directory /lib/modules/6.1.0-28-amd64\n"
    assert machine.run("modprobe ipmi_devintf; modprobe ipmi-si; lsmod | grep ipmi").out == (
        "ipmi_si                81920  0\n"
        "ipmi_msghandler        77824  2 ipmi_devintf,ipmi_si\n"
        "ipmi_devintf           20480  0\n"
    )
    assert (
        machine.run("/usr/sbin/modprobe msr", user="admin").err
        == "modprobe: ERROR: could not insert 'msr': Operation not permitted\n"
    )
    assert Machine(missing=("ipmi_si",)).run("modprobe ipmi_si").status == 1


def test_df_in_its_forms() -> None:
    machine = Machine()
    machine.host.files.capacity = machine.host.files.used + 5 * 1024**2
    lines = machine.run("df -B1 --output=avail /root").out.split()
    assert lines == ["Avail", str(5 * 1024**2)]
    assert machine.run("df -h / | tail -1").out.split()[3] == "5.0M"
    heading, row = machine.run("df -Pk /root").out.splitlines()
    assert heading.split() == ["Filesystem", "1024-blocks", "Used", "Available", "Capacity", "Mounted", "on"]
    assert row.split()[3] == "5120"
    assert machine.run("df --output=foo").status == 1
    assert machine.run("df /nx").err == "df: /nx: No such file or directory\n"


def test_ip_shows_the_boards_ports() -> None:
    machine = Machine()
    nic = next(nic for nic in machine.server.board.nics if nic.name)
    assert (
        f"{nic.name:<16} UP             {nic.mac} <BROADCAST,MULTICAST,UP,LOWER_UP> \n"
        in machine.run("ip -br link").out
    )
    machine.server.network.cables.pop("lan1")
    assert f"{nic.name:<16} DOWN" in machine.run("ip -br link").out


def test_the_boot_order_is_the_servers() -> None:
    machine = Machine()
    assert "BootOrder: 0000\n" in machine.run("efibootmgr -v").out
    machine.run("efibootmgr -o 0001,0000")
    assert machine.server.boot_order == ["lan1", "disk"]
    machine.server.boot_order.clear()
    assert "BootOrder:" not in machine.run("efibootmgr").out


def test_a_package_of_sum_is_unpacked_and_runs() -> None:
    machine = Machine()
    buffer = io.BytesIO()
    program = machine.host.files.read("/opt/sum/sum")
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo("sum_2.14.0_Linux_x86_64/sum")
        entry.size, entry.mode = len(program), 0o755
        archive.addfile(entry, io.BytesIO(program))
    machine.host.files.write("/root/sum.tar.gz", buffer.getvalue())
    assert machine.run("tar -tzf sum.tar.gz").out == "sum_2.14.0_Linux_x86_64/sum\n"
    assert machine.run("tar -xf sum.tar.gz && cd sum_2.14.0_Linux_x86_64 && ./sum -c GetBiosInfo").status == 0
    assert machine.run("tar -xf nofile").status == 2


def test_an_archive_cannot_write_outside() -> None:
    machine = Machine()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("../../etc/evil")
        archive.addfile(entry, io.BytesIO())
    machine.host.files.write("/root/evil.tar", buffer.getvalue())
    assert machine.run("tar -xf evil.tar").status == 2
    assert not machine.host.files.exists("/etc/evil")


def test_a_signal_ends_a_timed_out_command() -> None:
    machine = Machine()
    assert machine.run("timeout 5 sleep 100; echo $?").out == "124\n"
    assert machine.run("timeout -s KILL 5 sleep 100; echo $?").out == "137\n"
    assert machine.run("timeout 100 sh -c 'sleep 1; exit 3'; echo $?").out == "3\n"
    assert machine.host.processes == {}


# -- the machine's own ipmitool

ALLOWED = (
    "mc info", "-v mc info", "-I open mc info", "lan print 1", "user list 1", "raw 0x30 0x70 0x0c 0", "sel elist",
    "chassis status", "-d 0 mc guid", "exec /dev/stdin", "hpm check f.hpm", "hpm upgrade f.hpm force", "sdr list",
    "mc reset cold", "mc watchdog get", "exec script",
)  # fmt: skip
REFUSED = (
    "-I lanplus -H 10.0.0.1 mc info",
    "-H 10.0.0.1 mc info",
    "-d 1 mc info",
    "-U root mc info",
    "-P x mc info",
    "-E mc info",
    "-f /etc/shadow mc info",
    "-S /etc/passwd sdr list",
    "-O /etc/passwd sel list",
    "-p 22 mc info",
    "shell",
    "sdr dump /root/x",
    "sel save /root/x",
    "sel writeraw /root/x",
    "fru write 0 /etc/shadow",
    "fru read 0 /root/x",
    "ekanalyzer print /etc/passwd",
    "event file /etc/passwd",
    "exec /etc/shadow",
    "fwum download /etc/shadow",
    "hpm upgrade /etc/shadow x.hpm",
    "hpm upgrade f.hpm g.hpm",
    "sdr fill file /etc/passwd",
    "exec bad",
    "set hostname x",
    "sol activate",
    "-D /dev/ttyS0 mc info",
    "-I serial-basic mc info",
    "spd 1",
    "picmg x",
    "sel add /etc/passwd",
    "-v -H x mc info",
    "mc info -H 10.0.0.1",
    "mc info -f /etc/shadow",
    "hpm check f.hpm -H x",
    "mc info -- -H",
    "raw 0x30 -H x",
    "hpm x f.hpm",
)


def real(tmp_path: Path) -> tuple[Machine, list[External]]:
    machine = Machine(ipmitool="real")
    started: list[External] = []

    def start(request: External, ended: Callable[[int], None]) -> Callable[[], None]:
        started.append(request)
        machine.server.agenda.after(1, lambda: ended(0))
        return lambda: None

    machine.host.open_kcs_wire("127.0.0.1", 6230, "kcs", tmp_path / "password", start, lambda path: f"/scratch{path}")
    machine.host.files.write("/root/f.hpm", b"image")
    machine.host.files.write("/root/script", b"user set password 2 secret\nmc info\n")
    machine.host.files.write("/root/bad", b"mc info\nsdr dump /etc/passwd\n")
    machine.run("modprobe -a ipmi_si ipmi_devintf")
    return machine, started


def invocation(machine: Machine) -> Invocation:
    from emulators.host.process import Buffer

    return Invocation(("ipmitool",), machine.host, Stdin(), Buffer(), Buffer())


@pytest.mark.parametrize("line", ALLOWED)
def test_the_machines_ipmitool_gets_our_argument_list(line: str, tmp_path: Path) -> None:
    machine, started = real(tmp_path)
    machine.run(f"ipmitool {line}")
    (request,) = started
    ours = ("ipmitool", "-I", "lanplus", "-H", "127.0.0.1", "-p", "6230", "-U", "kcs", "-f", str(tmp_path / "password"))
    assert request.argv[: len(ours)] == ours
    rest = request.argv[len(ours) :]
    assert not {"-I", "-H", "-d", "-p", "-U", "-P", "-f"} & set(rest)
    assert "f.hpm" not in rest


@pytest.mark.parametrize("line", REFUSED)
def test_the_machines_ipmitool_is_not_started_for_what_could_reach_the_machine(line: str, tmp_path: Path) -> None:
    machine, started = real(tmp_path)
    assert not served_by_the_machine(invocation(machine), tuple(line.split()))
    machine.run(f"timeout 300 ipmitool {line}")
    assert started == []


def test_a_script_goes_in_on_standard_input_and_files_as_copies(tmp_path: Path) -> None:
    machine, started = real(tmp_path)
    machine.run("ipmitool exec /dev/stdin", stdin=b"mc info\n")
    machine.run("ipmitool exec script")
    machine.run("ipmitool hpm upgrade f.hpm force")
    assert started[0].argv[-2:] == started[1].argv[-2:] == ("exec", "/dev/stdin")
    assert bytes(started[0].stdin.pending) == b"mc info\n"
    assert bytes(started[1].stdin.pending).startswith(b"user set password")
    assert started[2].argv[-4:] == ("hpm", "upgrade", "/scratch/root/f.hpm", "force")


def test_without_modules_the_binary_is_not_started_and_the_open_interface_says_why(tmp_path: Path) -> None:
    machine, started = real(tmp_path)
    machine.run("modprobe -r ipmi_devintf")
    done = machine.run("ipmitool mc info")
    assert started == []
    assert (done.status, done.out) == (1, "")
    assert (
        done.err == "Could not open device at /dev/ipmi0 or /dev/ipmi/0 or /dev/ipmidev/0: No such file or directory\n"
    )


def test_another_user_cannot_open_the_device(tmp_path: Path) -> None:
    machine, started = real(tmp_path)
    machine.run("ipmitool mc info", user="admin")
    assert started == []
    machine.run("sudo -n ipmitool mc info", user="admin")
    assert len(started) == 1


def test_a_halt_ends_the_machines_ipmitool(tmp_path: Path) -> None:
    machine, _ = real(tmp_path)
    killed: list[External] = []

    def start(request: External, ended: Callable[[int], None]) -> Callable[[], None]:
        return lambda: killed.append(request)

    machine.host.external = start
    process, _, _ = machine.start("ipmitool mc info")
    machine.wait(1)
    machine.server.power_off()
    assert process.status == 137
    assert len(killed) == 1
