"""What can be observed after a run, and what it leads to, held against what truly happened to the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from emulators.bmc.users import BmcUser
from emulators.server import VirtualServer
from emulators.world import World
from fwsim.doors import Completed
from fwsim.events import CommandRan, Fact, Intent
from fwsim.rehearsal.memory import drive
from fwsim.rehearsal.operator import RecordingHost
from fwsim.rehearsal.scenario import load, names
from recovery import evidence
from recovery.diagnosis import diagnose
from recovery.observation import BadReport, keys, reported, reports
from tests.recovery import expert
from tests.recovery.looked import Looked, rehearsed

BROKEN = [n for n in names() if load(n).expect.ending in ("failed", "needs-hands")]


@pytest.mark.parametrize("name", BROKEN)
def test_the_first_cause_of_a_broken_run_is_what_truly_happened(name: str, tmp_path: Path) -> None:
    looked = rehearsed(name, tmp_path)
    if looked.ended.ending not in ("failed", "needs-hands"):
        return  # it was repaired: nothing is left to diagnose
    fired = {fault.kind for fault in looked.server.faults.fired}
    whole = expert.Before.of(VirtualServer(looked.prepared.spec, World()), looked.prepared.spec.bmc_address)
    began = expert.state(looked.server, whole)
    found = looked.diagnose()
    accepted = expert.accepted(fired or {"none"}, began, expert.state(looked.server, whole))
    assert found.first.name in accepted, [(c.name, c.confidence) for c in found.causes]


def test_the_worlds_record_is_no_evidence(tmp_path: Path) -> None:
    """Deleting it changes no observation and no cause."""
    kept = rehearsed("severe-lock", tmp_path / "a")
    forgetful = World(sink=lambda record: forgetful.records.clear())
    gone = rehearsed("severe-lock", tmp_path / "b", forgetful)
    (tmp_path / "a" / "world.jsonl").unlink(missing_ok=True)
    first, second = kept.look(), gone.look()
    assert first == second
    assert diagnose(first, kept.board) == diagnose(second, gone.board)


def test_looking_changes_nothing_of_the_server(tmp_path: Path) -> None:
    looked = rehearsed("failed-post", tmp_path)
    before, told = len(looked.events), len(looked.server.world.records)
    assert looked.look().value("sel.firmware") == "corrupt"
    changes = [e for e in looked.events[before:] if isinstance(e, CommandRan) and e.changes]
    assert changes == []
    assert looked.server.world.records[told:] == []


def test_what_cannot_be_told_is_said_with_its_reason(tmp_path: Path) -> None:
    seen = rehearsed("severe-lock", tmp_path).look()
    kcs = next(seen.of("kcs"))
    assert (kcs.value, kcs.why) == (None, "the host does not answer")
    assert {o.key for o in seen.observations} <= set(keys())
    assert all(o.why for o in seen.observations if o.value is None)


def test_every_observation_has_its_time_and_its_source(tmp_path: Path) -> None:
    looked = rehearsed("never-returns", tmp_path)
    seen = looked.look().observations
    assert all(o.source for o in seen)
    assert all(0 <= o.at <= looked.server.now for o in seen)
    assert [o.at for o in seen if o.source != "journal" and o.value] == sorted(
        o.at for o in seen if o.source != "journal" and o.value
    )


def test_nobody_logs_in_a_third_time_however_often_it_is_looked(tmp_path: Path) -> None:
    looked = rehearsed("never-returns", tmp_path)
    looked.server.bmc.start_now()
    user = looked.server.bmc.users.by_name(b"ADMIN")
    assert user is not None
    user.password = b"changed"
    refused = [r for r in looked.server.world.records if r["kind"] == "bmc-login-refused"]
    assert refused == []
    answers = [looked.look().value("bmc.login") for _ in range(4)]
    refused = [r for r in looked.server.world.records if r["kind"] == "bmc-login-refused"]
    assert len(refused) <= 2
    assert set(answers) == {"refused"}


def test_a_lost_password_is_told_from_a_locked_account(tmp_path: Path) -> None:
    looked = rehearsed("x11ssh-f", tmp_path)
    user = looked.server.bmc.users.by_name(b"ADMIN")
    assert user is not None
    user.password = b"changed"
    assert looked.diagnose().first.name == "password-lost"
    user.password = looked.prepared.bmc_login[1].encode()
    looked.events[:] = [e for e in looked.events if getattr(e, "key", "") != "bmc.login"]
    looked.server.bmc.volatile["locked-users"] = {b"ADMIN": looked.server.now + 9000}
    assert looked.diagnose().first.name == "account-locked"


@pytest.mark.parametrize(
    ("break_it", "cause"),
    [
        ("forget", "lan-reverted-to-dhcp"),
        ("wipe", "lan-config-wiped"),
    ],
)
def test_lost_network_settings_are_found_in_band(break_it: str, cause: str, tmp_path: Path) -> None:
    looked = rehearsed("x11ssh-f", tmp_path)
    getattr(looked.server.bmc.lan, break_it)()
    looked.server.bmc.refresh_lease()
    found = looked.diagnose()
    assert (found.first.name, found.first.confidence) == (cause, "certain")
    assert found.first.remedies[0] == "restore-lan"


def test_with_a_silent_host_a_bmc_is_found_at_its_lease(tmp_path: Path) -> None:
    looked = rehearsed("x11ssh-f", tmp_path)
    looked.server.bmc.lan.forget()
    looked.server.bmc.refresh_lease()
    looked.server.power_off()
    seen = looked.look()
    assert seen.value("bmc.lease") == "elsewhere"
    assert seen.value("bmc.at-lease") == "yes"
    assert diagnose(seen, looked.board).first.name == "bmc-at-another-lease"


def test_a_moved_lan_mode_and_a_switched_off_channel_are_found(tmp_path: Path) -> None:
    looked = rehearsed("x11ssh-f", tmp_path)
    looked.server.bmc.lan_mode = "shared"
    assert looked.diagnose().first.name == "lan-mode-moved"
    looked.server.bmc.lan_mode = looked.server.board.bmc.lan_mode
    looked.server.bmc.lan.access_mode = 0
    assert looked.diagnose().first.name == "lan-access-off"


def test_a_host_whose_sshd_is_dead_is_told_from_one_that_is_down(tmp_path: Path) -> None:
    looked = rehearsed("x11ssh-f", tmp_path)
    looked.server.host.units.stand("ssh", running=False)
    looked.server.advance(looked.server.now + 3600)
    seen = looked.look()
    assert (seen.value("host.answers"), seen.value("host.pings"), seen.value("bmc.pings")) == ("no", "yes", "yes")
    found = diagnose(seen, looked.board)
    assert (found.first.name, found.first.confidence, found.first.remedies[0]) == (
        "sshd-silent",
        "certain",
        "power-cycle",
    )
    looked.server.power_off()
    assert looked.look().value("host.pings") == "no"
    assert looked.diagnose().first.name == "host-off"


def test_a_bmc_without_ipmi_is_told_from_one_that_is_dark_though_the_host_is_silent(tmp_path: Path) -> None:
    looked = rehearsed("x11ssh-f", tmp_path)
    looked.server.host.units.stand("ssh", running=False)
    looked.server.bmc.lan.access_mode = 0
    looked.server.advance(looked.server.now + 3600)
    seen = looked.look()
    assert (seen.value("bmc.answers"), seen.value("bmc.asf"), seen.value("bmc.pings")) == ("no", "no", "yes")
    names = [cause.name for cause in diagnose(seen, looked.board).causes]
    assert names[0] == "ipmi-off"
    assert not {"severe-lock", "bmc-hung-host-silent", "no-power", "operators-side"} & set(names)
    looked.server.bmc.hang()
    assert looked.look().value("bmc.pings") == "no"


class Deaf(RecordingHost):
    """An operator's machine whose ping ends like that."""

    def __init__(self, status: int, stderr: str) -> None:
        super().__init__()
        self.ends = status, stderr

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        return Completed(tuple(argv), self.ends[0], "", self.ends[1])


NOT_PERMITTED = "ping: socktype: SOCK_RAW\nping: socket: Operation not permitted\nping: => missing cap_net_raw+p\n"


@pytest.mark.parametrize(
    ("status", "stderr", "why"),
    [
        (127, "[Errno 2] No such file or directory: 'ping'\n", "No such file or directory"),
        (2, NOT_PERMITTED, "missing cap_net_raw"),
        (2, "ping: db07.example: Name or service not known\n", "not known"),
    ],
)
def test_a_ping_that_could_not_be_sent_is_no_silence(status: int, stderr: str, why: str, tmp_path: Path) -> None:
    looked = rehearsed("severe-lock", tmp_path)
    seen = looked.look(doors=replace(looked.doors(), operator=Deaf(status, stderr)))
    for key in ("host.pings", "bmc.pings"):
        [one] = seen.of(key)
        assert one.value is None
        assert why in one.why


def test_this_machines_own_answer_is_no_evidence_of_a_server(tmp_path: Path) -> None:
    """A tunnel, or a virtual server at home on loopback: a real ping is answered there, whatever has become of it."""
    looked = rehearsed("severe-lock", tmp_path)
    plan = looked.prepared.plan
    host, bmc = (
        plan.host.model_copy(update={"address": "127.0.0.1"}),
        plan.bmc.model_copy(update={"address": "localhost"}),
    )
    looked.prepared = replace(looked.prepared, plan=plan.model_copy(update={"host": host, "bmc": bmc}))
    before = len(looked.events)
    seen = looked.look()
    for key in ("host.pings", "bmc.pings"):
        [one] = seen.of(key)
        assert (one.value, "this machine itself answers" in one.why) == (None, True)
    assert "ping" not in [e.argv[0] for e in looked.events[before:] if isinstance(e, CommandRan)]
    local = plan.host.model_copy(update={"local": True})
    looked.prepared = replace(looked.prepared, plan=plan.model_copy(update={"host": local}))
    assert [o.why for o in looked.look().of("host.pings")] == ["fwsim runs on that very server"]


def test_who_pings_from_elsewhere_may_report_it(tmp_path: Path) -> None:
    assert [(o.key, o.value) for o in reported("host_ping=yes,bmc_ping=no")] == [
        ("host.pings", "yes"),
        ("bmc.pings", "no"),
    ]
    looked = rehearsed("severe-lock", tmp_path)
    assert looked.diagnose("fans=100%,video=none").first.name == "severe-lock"
    assert "severe-lock" not in [c.name for c in looked.diagnose("fans=100%,video=none,host_ping=yes").causes]


def test_an_unplugged_management_cable_is_a_matter_of_the_path(tmp_path: Path) -> None:
    looked = rehearsed("x11ssh-f", tmp_path)
    del looked.server.network.cables["dedicated"]
    found = looked.diagnose("bmc_link=dark")
    assert (found.first.name, found.first.confidence) == ("management-path", "certain")


def test_a_healthy_server_has_nothing_wrong(tmp_path: Path) -> None:
    found = rehearsed("x11ssh-f", tmp_path).diagnose()
    assert (found.first.name, found.first.remedies) == ("nothing-wrong", ())


def test_a_host_that_is_off_is_powered_on(tmp_path: Path) -> None:
    looked = rehearsed("x11ssh-f", tmp_path)
    looked.server.power_off()
    found = looked.diagnose().first
    assert (found.name, found.remedies[0]) == ("host-off", "power-on")


def test_a_changed_user_is_found(tmp_path: Path) -> None:
    looked = rehearsed("x11ssh-f", tmp_path)
    looked.server.bmc.users.slots[5] = BmcUser(5, b"intruder", b"x", enabled=True, privilege=4, ipmi_messaging=True)
    assert looked.diagnose().first.name == "users-lost"


def test_a_running_flash_is_left_alone(tmp_path: Path) -> None:
    """Nothing is sent to a BMC that may be written to; waiting is offered, and then to end a tool that stands still."""
    looked = rehearsed("x11ssh-f", tmp_path)
    start = ("systemd-run", "--unit=fwsim-flash", "--property=RemainAfterExit=yes", "sleep", "10000")
    assert drive(looked.doors().host.run(start)).status == 0
    before = len(looked.events)
    found = looked.diagnose()
    assert (found.first.name, found.first.remedies) == ("flash-running", ("wait", "end-flash"))
    ran = [e.argv[0] for e in looked.events[before:] if isinstance(e, CommandRan)]
    assert "ipmitool" not in ran
    assert "raw" not in ran


def test_where_the_server_has_gone_the_journal_alone_tells(tmp_path: Path) -> None:
    looked = rehearsed("failed-post", tmp_path)
    plan, board = looked.prepared.plan, looked.board
    seen = evidence.of_journal(plan, board, looked.events, reported("video=none"), run_dir=tmp_path)
    assert diagnose(seen, board).first.name == "bios-corrupt"
    assert {o.source.split(";")[0].split(":")[0] for o in seen.observations} <= {"journal", "plan", "reported"}


def test_what_the_console_asked_before_the_last_restart_is_over(tmp_path: Path) -> None:
    looked = rehearsed("x11ssh-f", tmp_path)
    asked = Fact(100.0, "canary", "host.stopped-at", "F1")
    restart = Intent(200.0, "bios-activate", "reboot for the new BIOS", "host", "")
    plan, board = looked.prepared.plan, looked.board
    assert evidence.of_journal(plan, board, [asked]).value("console.before") == "f1-stop"
    assert evidence.of_journal(plan, board, [asked, restart]).value("console.before") is None


def test_a_refused_login_that_was_put_right_since_is_over(tmp_path: Path) -> None:
    looked = rehearsed("x11ssh-f", tmp_path)
    looked.events += [Fact(looked.ended.at, "repair", "bmc.login", "refused")]
    assert looked.diagnose().first.name == "nothing-wrong"


def test_a_second_look_tells_the_same_of_the_run(tmp_path: Path) -> None:
    looked = rehearsed("severe-lock", tmp_path)
    assert [looked.look().value("run.ending") for _ in range(2)] == ["needs-hands", "needs-hands"]


def test_without_a_run_the_plan_is_what_is_compared_with(tmp_path: Path) -> None:
    looked = rehearsed("x11ssh-f", tmp_path)
    looked.server.bmc.lan.forget()
    looked.server.bmc.refresh_lease()
    fresh = Looked(looked.prepared, looked.server, looked.ended, [], tmp_path / "elsewhere")
    found = fresh.diagnose()
    assert found.first.name == "lan-reverted-to-dhcp"


# -- what people report


def test_a_report_is_taken_word_for_word() -> None:
    told = reported("fans=100%, video=none,bmc_led=off")
    assert [(o.key, o.value) for o in told] == [("seen.fans", "100%"), ("seen.video", "none"), ("seen.bmc_led", "off")]
    assert reported("") == ()
    assert reported("fans=?")[0].value is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fan=100%", "did you mean fans?"),
        ("fans=ful", "expected one of 100%, normal, off, or ?"),
        ("fans", "expected NAME=VALUE"),
        ("temperature=hot", "there are: fans, video"),
        ("video=nothing", "expected one of none, logo"),
    ],
)
def test_a_report_that_is_not_in_the_vocabulary_is_told_what_is(text: str, words: str) -> None:
    with pytest.raises(BadReport, match="(?s).*" + words.replace("?", r"\?")):
        reported(text)


def test_what_is_reported_decides_between_two_causes(tmp_path: Path) -> None:
    looked = rehearsed("severe-lock", tmp_path)
    assert looked.diagnose("fans=100%,video=none,bmc_led=off").first.name == "severe-lock"
    assert looked.diagnose("psu=none,fans=off").first.name == "no-power"
    assert "severe-lock" not in [c.name for c in looked.diagnose("video=system").causes]


def test_everything_that_can_be_reported_is_used_by_a_rule() -> None:
    from recovery.ruletable import rules

    asked = {key for rule in rules() for key in rule.asked}
    assert set(reports().values()) <= asked | {"seen.beeps"}


def test_what_the_log_says_of_an_earlier_start_is_not_said_of_this_one(tmp_path: Path) -> None:
    """A POST that came to its end before the restart proves nothing of what is written in the start after it."""
    looked = rehearsed("x12spi", tmp_path)
    assert looked.look().value("sel.firmware") == "passed"
    looked.server.power_reset()
    looked.server.advance(looked.server.now + 20)
    assert (looked.server.phase, looked.look().value("sel.firmware")) == ("post", "quiet")
