"""The table of rules: what always holds of a diagnosis, whatever was observed, and what leads to what."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fwsim import boards
from recovery import explain, remedies
from recovery.diagnosis import Diagnosis, diagnose
from recovery.observation import Evidence, Observation, keys
from recovery.ruletable import Rule, rules

X11, R740, C6220 = boards.load("x11ssh-f"), boards.load("r740"), boards.load("c6220")
WORDS = [(key, value) for key, known in keys().items() for value in known.values or ("00", "F9", "92")]
SEEN = st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from([(key, None) for key in keys()])), max_size=25)


def of(words: Sequence[tuple[str, str | None]]) -> Evidence:
    return Evidence(tuple(Observation(key, value, 0.0, "test") for key, value in words))


def told(text: str) -> Evidence:
    """`host.answers=no bmc.answers=no`."""
    words = [word.partition("=") for word in text.split()]
    for key, _, value in words:
        assert not keys()[key].values or value in keys()[key].values
    return of([(key, value) for key, _, value in words])


SILENT = "host.answers=no host.login=silent bmc.answers=no bmc.pings=no bmc.age=overdue host.age=overdue"


@given(SEEN)
@settings(max_examples=300, deadline=None)
def test_no_evidence_is_without_an_answer(words: list[tuple[str, str | None]]) -> None:
    for board in (X11, R740):
        found = diagnose(of(words), board)
        assert found.causes
        assert found.first.name


@given(SEEN, SEEN)
@settings(max_examples=300, deadline=None)
def test_more_evidence_never_brings_a_ruled_out_cause_back(
    words: list[tuple[str, str | None]], more: list[tuple[str, str | None]]
) -> None:
    out = {cause.name for cause in diagnose(of(words), X11).ruled_out}
    later = diagnose(of([*words, *more]), X11)
    assert not out & {cause.name for cause in later.causes}
    assert out <= {cause.name for cause in later.ruled_out}


@given(SEEN, st.sampled_from([("host.answers", "yes"), ("host.login", "in")]))
@settings(max_examples=200, deadline=None)
def test_a_host_that_answers_is_never_locked(words: list[tuple[str, str | None]], seen: tuple[str, str]) -> None:
    assert "severe-lock" not in names(diagnose(of([*words, seen]), X11))


@given(SEEN)
@settings(max_examples=200, deadline=None)
def test_a_host_that_is_pinged_is_neither_off_nor_in_its_firmware(words: list[tuple[str, str | None]]) -> None:
    firmware = {"stops-at-f1", "disk-asks", "bios-corrupt", "boot-loop", "no-boot-device", "post-hangs", "in-setup"}
    dead = {*firmware, "host-off", "severe-lock", "no-power", "bmc-hung-host-silent", "operators-side"}
    assert not dead & set(names(diagnose(of([*words, ("host.pings", "yes")]), X11)))


@given(SEEN)
@settings(max_examples=200, deadline=None)
def test_a_bmc_that_is_pinged_is_not_without_power_or_locked(words: list[tuple[str, str | None]]) -> None:
    dead = {"severe-lock", "no-power", "bmc-hung-host-silent", "operators-side"}
    assert not dead & set(names(diagnose(of([*words, ("bmc.pings", "yes")]), X11)))


@given(SEEN)
@settings(max_examples=300, deadline=None)
def test_fans_at_full_speed_while_the_bmc_starts_are_no_finding(words: list[tuple[str, str | None]]) -> None:
    quiet = [w for w in words if w[0] not in ("seen.fans", "bmc.age")]
    starting = [*quiet, ("bmc.age", "starting")]
    without, with_fans = diagnose(of(starting), X11), diagnose(of([*starting, ("seen.fans", "100%")]), X11)
    spared = [row for row in shape(without) if row in shape(with_fans) or row[0] != "no-power"]
    assert spared == shape(with_fans), "no cause comes up or becomes surer; that there is power it does tell"
    assert "severe-lock" not in names(with_fans)


@given(SEEN, st.sampled_from(["bank.bmc", "bank.bios"]))
@settings(max_examples=300, deadline=None)
def test_nothing_that_resets_or_takes_power_is_offered_while_a_bank_may_be_incomplete(
    words: list[tuple[str, str | None]], bank: str
) -> None:
    """But for what writes or replaces that very bank, and the restart of a BMC that stands still in writing a BIOS."""
    doubtful = {bank, *(key for key, value in words if key.startswith("bank.") and value == "maybe-incomplete")}
    off = {value for key, value in words if key == "power" and value} == {"off"}
    stalled = off and doubtful == {"bank.bios"} and ("bmc.writes", "overdue") in words
    for board in (X11, R740, C6220):
        for cause in diagnose(of([*words, (bank, "maybe-incomplete")]), board).causes:
            offered = [remedies.table()[name] for name in cause.remedies]
            taking = [row for row in offered if row.takes and not doubtful <= row.renews]
            assert all(stalled and row.takes == {"bmc-reset"} for row in taking), cause.rule


def test_what_takes_power_renews_only_what_it_writes_or_replaces() -> None:
    """A stick writes the BIOS alone: while the BMC's own bank is in doubt its power stays on."""
    renews = {name: row.renews for name, row in remedies.table().items() if row.renews}
    assert renews == {
        "usb-bios-recovery": {"bank.bios"},
        "board-replacement": {"bank.bmc", "bank.bios"},
    }
    seen = "host.answers=no power=on sel.firmware=corrupt bmc.login=in bank.bios=maybe-incomplete"
    for more, where in (("", "remedies"), (" bank.bmc=maybe-incomplete", "withheld")):
        corrupt = next(c for c in diagnose(told(seen + more), X11).causes if c.name == "bios-corrupt")
        assert "usb-bios-recovery" in getattr(corrupt, where)


STALLED = "host.answers=no host.pings=no bmc.answers=steady bmc.login=in power=off bank.bios=maybe-incomplete"


@pytest.mark.parametrize(
    ("seen", "cause", "offered"),
    [
        (f"{STALLED} bmc.writes=running", "bios-being-written", ("wait",)),
        (
            f"{STALLED} bmc.writes=overdue",
            "bios-write-stalled",
            ("cold-reset", "usb-bios-recovery", "board-replacement"),
        ),
        (
            f"{STALLED} bmc.writes=nothing sel.firmware=corrupt",
            "bios-half-written",
            ("reflash-bios-oob", "web-gui-reflash", "usb-bios-recovery", "board-replacement"),
        ),
        (
            "host.answers=no host.pings=no bmc.answers=no power=off bank.bios=maybe-incomplete bmc.writes=nothing",
            "bios-half-written",
            ("web-gui-reflash", "usb-bios-recovery", "board-replacement"),
        ),
    ],
)
def test_a_bios_that_the_bmc_has_half_written_is_written_anew_once_nothing_writes(
    seen: str, cause: str, offered: tuple[str, ...]
) -> None:
    found = diagnose(told(seen), X11)
    assert (found.first.name, found.first.confidence, found.first.remedies) == (cause, "certain", offered)
    assert not {"power-on", "power-cycle"} & {name for c in found.causes for name in c.remedies}


@given(SEEN)
@settings(max_examples=200, deadline=None)
def test_the_least_invasive_remedy_comes_first_and_every_one_exists_on_the_board(
    words: list[tuple[str, str | None]],
) -> None:
    for board in (X11, R740, C6220):
        for cause in diagnose(of(words), board).causes:
            rows = [remedies.table()[name] for name in cause.remedies]
            acts = [row.cost for row in rows if not row.gathers]
            assert acts == sorted(acts)
            for looks in (row for row in rows[:-1] if row.gathers):  # not last: before what it may spare
                assert rows[rows.index(looks) + 1].takes
                assert rows[rows.index(looks) + 1].visit
            assert all(row.only.fits(board) for row in rows)


@given(SEEN)
@settings(max_examples=200, deadline=None)
def test_what_would_tell_more_has_not_been_told(words: list[tuple[str, str | None]]) -> None:
    found = diagnose(of(words), X11)
    said = {key for key, value in words if value is not None}
    assert found.next_observation not in said
    for cause in found.causes:
        assert not said & set(cause.confirm)
        assert all(o.key in said for o in (*cause.for_, *cause.against))


@given(SEEN)
@settings(max_examples=100, deadline=None)
def test_could_not_tell_speaks_for_nothing_and_against_nothing(words: list[tuple[str, str | None]]) -> None:
    known = [w for w in words if w[1] is not None]
    assert shape(diagnose(of(words), X11)) == shape(diagnose(of(known), X11))


def shape(found: Diagnosis) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(cause.name, cause.confidence, cause.remedies) for cause in found.causes]


def names(found: Diagnosis) -> list[str]:
    return [cause.name for cause in found.causes]


# -- the table itself


def test_rules_and_causes_have_names_of_their_own() -> None:
    assert len({rule.rule for rule in rules()}) == len({rule.cause for rule in rules()}) == len(rules())


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.rule)
def test_a_rule_can_be_met_by_what_it_asks_for(rule: Rule) -> None:
    """Nothing that speaks for it rules it out."""
    words = [(key, values[0]) for key, values in rule.needs.items()]
    words += [(key, next(v for v in values if v not in rule.never.get(key, ()))) for key, values in rule.signs.items()
              if key not in rule.needs]  # fmt: skip
    found = diagnose(of(words), R740 if "idrac" in rule.cause else X11)
    assert rule.cause in names(found)


@pytest.mark.parametrize("rule", [r for r in rules() if r.cause != "unknown"], ids=lambda rule: rule.rule)
def test_a_rule_that_is_met_offers_a_remedy_or_says_what_to_do(rule: Rule) -> None:
    assert rule.remedies or rule.advice or rule.cause in explain.NOTHING_WRONG


def test_every_remedy_is_some_causes() -> None:
    assert set(remedies.table()) == {name for rule in rules() for name in rule.remedies}


def test_the_power_of_a_healthy_server_is_left_alone() -> None:
    well = "host.answers=yes host.login=in bmc.answers=steady bmc.login=in kcs=answers bank.bmc=verified"
    found = diagnose(told(well), X11)
    assert found.first.name == "nothing-wrong"
    assert found.first.remedies == ()


# -- particular evidence


@pytest.mark.parametrize(
    ("seen", "cause", "confidence", "first"),
    [
        ("", "unknown", "possible", "look-and-report"),
        (
            "kcs=answers lan.source=dhcp lan.address=other bmc.answers=no",
            "lan-reverted-to-dhcp",
            "certain",
            "restore-lan",
        ),
        (
            "kcs=answers lan.source=as-before lan.address=none bmc.answers=no",
            "lan-config-wiped",
            "certain",
            "restore-lan",
        ),
        ("kcs=answers lan.mode=other bmc.answers=no", "lan-mode-moved", "certain", "restore-lan-mode"),
        ("kcs=answers lan.access=off bmc.answers=no", "lan-access-off", "certain", "restore-lan"),
        ("kcs=answers lan.access=off bmc.answers=no bmc.pings=yes", "lan-access-off", "certain", "restore-lan"),
        ("bmc.answers=no bmc.pings=yes bmc.web=yes", "ipmi-off", "certain", "restore-lan"),
        ("host.login=silent bmc.answers=no bmc.pings=yes bmc.web=yes", "ipmi-off", "certain", "look-and-report"),
        (
            "host.login=in kcs=answers lan.access=on lan.address=as-before bmc.answers=no bmc.pings=yes",
            "ipmi-filtered",
            "certain",
            "wait",
        ),
        ("host.answers=no host.pings=yes", "sshd-silent", "certain", "power-cycle"),
        ("host.answers=no host.pings=yes power=on console=booting", "system-hangs", "certain", "power-cycle"),
        ("kcs=answers lan.mac=none bmc.answers=no", "lan-mac-lost", "certain", "reflash-bmc"),
        (
            "host.answers=no bmc.answers=no bmc.lease=elsewhere bmc.at-lease=yes",
            "bmc-at-another-lease",
            "certain",
            "find-at-lease",
        ),
        ("host.login=in kcs=no-device bmc.answers=steady bmc.login=in", "kcs-wedged", "certain", "reload-ipmi-si"),
        (
            "host.login=in kcs=no-device bmc.answers=no bmc.age=overdue bank.bmc=whole",
            "bmc-hung",
            "certain",
            "power-removal",
        ),
        ("host.login=in kcs=no-device bmc.answers=no bmc.age=starting", "bmc-starting", "certain", "wait"),
        ("bmc.answers=steady bmc.login=no-session", "sessions-full", "certain", "wait"),
        (
            "bmc.answers=steady bmc.login=refused kcs=answers users=as-before password=right",
            "account-locked",
            "certain",
            "wait",
        ),
        ("bmc.answers=steady bmc.login=refused kcs=answers users=other", "users-lost", "certain", "restore-users"),
        ("host.answers=no bmc.login=in power=off", "host-off", "certain", "power-on"),
        ("host.answers=no power=on console=f1-stop bmc.login=in", "stops-at-f1", "certain", "pass-f1"),
        ("host.answers=no power=on console.before=disk-passphrase", "disk-asks", "certain", "pass-f1"),
        ("host.answers=no power=on sel.firmware=corrupt", "bios-corrupt", "certain", "reflash-bios-oob"),
        ("host.answers=no power=on sel.firmware=hang post.code=92", "post-hangs", "certain", "power-cycle"),
        (
            "host.answers=no power=on sel.firmware=passed console.before=booting",
            "system-hangs",
            "certain",
            "power-cycle",
        ),
        ("host.answers=no power=on console.before=no-boot-device", "no-boot-device", "certain", "restore-boot-order"),
        (
            f"{SILENT} bank.bios=whole seen.fans=100% seen.video=none seen.bmc_led=off",
            "severe-lock",
            "likely",
            "cmos-clear",
        ),
        (f"{SILENT} seen.psu=none seen.fans=off", "no-power", "certain", "look-and-report"),
        ("bank.bmc=maybe-incomplete kcs=answers", "bmc-flash-incomplete", "certain", "reflash-bmc"),
        ("bank.bios=maybe-incomplete host.login=in", "bios-flash-incomplete", "certain", "reflash-bios"),
        ("bank.bmc=whole bmc.version=old bmc.answers=steady", "bmc-kept-its-firmware", "certain", "reflash-bmc"),
    ],
)
def test_evidence_leads_to_a_cause_and_its_first_remedy(seen: str, cause: str, confidence: str, first: str) -> None:
    found = diagnose(told(seen), X11).first
    assert (found.name, found.confidence, found.remedies[0]) == (cause, confidence, first)


def test_a_post_code_of_a_finished_post_does_not_speak_against_a_hang() -> None:
    """It can lie: an X11 said 00 while it stood at 92."""
    found = diagnose(told("host.answers=no power=on sel.firmware=hang post.code=00"), X11)
    assert found.first.name == "post-hangs"
    assert found.first.against == ()


def test_a_broken_bmc_flash_is_written_again_and_what_resets_is_withheld() -> None:
    found = diagnose(told("host.login=in kcs=no-device bmc.answers=steady bmc.login=in bank.bmc=maybe-incomplete"), X11)
    wedged = next(cause for cause in found.causes if cause.name == "kcs-wedged")
    assert wedged.withheld == ("cold-reset", "power-removal")
    assert wedged.remedies == ("reload-ipmi-si", "reflash-bmc")


def test_while_a_job_of_an_idrac_is_open_nothing_is_flashed() -> None:
    found = diagnose(told("jobs=running bank.bmc=maybe-incomplete host.login=in bmc.login=in"), R740).first
    assert (found.name, found.remedies, found.withheld) == ("idrac-job-open", ("wait",), ("cold-reset",))
    down = diagnose(told("jobs=running bank.bios=applying host.answers=no power=on bmc.login=in"), R740).first
    assert (down.name, down.remedies) == ("job-open-host-down", ("wait", "look-and-report"))


def test_a_dell_is_not_given_a_supermicros_remedies() -> None:
    seen = told("host.answers=no power=on sel.firmware=corrupt bmc.login=in")
    assert "usb-bios-recovery" in diagnose(seen, X11).first.remedies
    assert "usb-bios-recovery" not in diagnose(seen, R740).first.remedies
    hung = told("host.login=in kcs=no-device bmc.answers=no bmc.age=overdue bank.bmc=whole")
    assert diagnose(hung, R740).first.remedies[0] == "bmc-reset-button"
    assert "idrac-sd-recovery" in diagnose(hung, R740).first.remedies


def test_a_pdu_is_only_offered_where_the_plan_names_one() -> None:
    hung = "host.login=in kcs=no-device bmc.answers=no bmc.age=overdue bank.bmc=whole"
    assert "pdu-cycle" not in diagnose(told(hung), X11).first.remedies
    assert diagnose(told(f"{hung} pdu=present"), X11).first.remedies[0] == "pdu-cycle"


def test_what_every_start_shows_tells_nothing_while_the_host_starts() -> None:
    seen = "host.answers=no power=on sel.firmware=passed bank.bios=whole console=booting"
    assert diagnose(told(seen), X11).first.name == "system-hangs"
    assert diagnose(told(f"{seen} host.age=starting"), X11).first.name == "host-starting"
    stands = "host.answers=no power=on console=no-boot-device host.age=starting"
    assert diagnose(told(stands), X11).first.name == "no-boot-device"


def test_a_silent_bmc_is_not_called_hung_before_its_time_is_over() -> None:
    silent = "host.login=in kcs=no-device bmc.answers=no"
    assert diagnose(told(silent), X11).first.name == "bmc-starting"
    assert diagnose(told(f"{silent} bmc.age=overdue"), X11).first.name == "bmc-hung"


def test_no_flash_is_a_cause_that_nobody_knows_of() -> None:
    """Without a journal a live host and a BMC that answers it are no sign of a broken flash."""
    well = "host.answers=yes host.login=in kcs=answers bmc.answers=steady bmc.login=in"
    assert not [name for name in names(diagnose(told(well), X11)) if name.endswith("-flash-incomplete")]
    known = diagnose(told(f"{well} bank.bmc=maybe-incomplete"), X11).first
    assert (known.name, known.confidence) == ("bmc-flash-incomplete", "certain")


def test_new_firmware_that_runs_awaits_no_restart() -> None:
    seen = "host.login=in bank.bmc=awaits-restart bank.bios=awaits-restart bmc.answers=steady"
    waiting = {"bmc-awaits-restart", "bios-awaits-restart"}
    assert waiting <= set(names(diagnose(told(seen), X11)))
    assert not waiting & set(names(diagnose(told(f"{seen} bmc.version=new bios.version=new"), X11)))


def test_a_bmc_that_is_well_in_band_and_heard_now_and_then_has_a_bad_way_to_it() -> None:
    well = "host.login=in kcs=answers lan.address=as-before lan.source=as-before lan.mac=as-before lan.access=on"
    found = diagnose(told(f"{well} bmc.answers=sometimes bmc.login=in"), X11)
    assert found.first.name == "management-path"
    assert "bmc-flapping" in names(found)


def test_what_the_run_cannot_go_on_without_comes_before_what_else_is_to_be_done() -> None:
    seen = "host.login=in bmc.answers=steady tools=missing bank.bmc=awaits-restart"
    assert names(diagnose(told(seen), X11))[:2] == ["tool-missing", "bmc-awaits-restart"]


def test_a_certain_cause_needs_no_further_look() -> None:
    assert diagnose(told("host.answers=no power=off"), X11).next_observation == ""
