"""Nothing is flashed before all that it may lose lies on the operator's side, read back; and local runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fwsim.doors import Completed
from fwsim.plan import Backup, FileError, Policy, load
from fwsim.steps import backup, biossettings, offhost
from fwsim.tools import sum
from tests.fwsim.engine_bench import Bench, bench
from tests.fwsim.test_restore import refusing

NAMES = {
    "lan-print", "user-list", "user-access", "mc-info", "dmi-baseboard", "dmi-bios", "dmi-system", "nic-names", "sel",
    "boot-order", "boot-options", "lan-mode",
}  # fmt: skip


@pytest.mark.parametrize("board", ["x11ssh-f", "r740"])
def test_the_backup_has_everything_that_a_flash_may_lose(board: str, tmp_path: Path) -> None:
    test = bench(tmp_path, board)
    assert test.run().ending == "updated"
    kept = {path.stem for path in (test.folder / "backup").glob("*.txt")}
    assert kept == NAMES
    data = (test.folder / "backup" / "bios-settings.xml").read_bytes()
    assert "Enabled" in biossettings.parse(test.engine().job, data).values()


@pytest.mark.parametrize(
    "words",
    [
        ("ipmitool", "lan", "print"),
        ("ipmitool", "channel", "getaccess"),
        ("ipmitool", "sel"),
        ("ip", "-br"),
        ("efibootmgr", "-v"),
        ("sum", "-c", "GetCurrentBiosCfg"),
    ],
    ids=" ".join,
)
def test_an_incomplete_backup_stops_before_anything_is_flashed(words: tuple[str, ...], tmp_path: Path) -> None:
    test = bench(tmp_path)
    refusing(test, lambda argv: argv[: len(words)] == words and backing_up(test), 1)
    ended = test.run()
    assert (ended.ending, ended.exit_code) == ("refused", 3)
    assert test.untouched


def backing_up(test: Bench) -> bool:
    from fwsim.events import StepStarted

    return [e.step for e in test.events if isinstance(e, StepStarted)][-1] == "backup"


@pytest.mark.parametrize("words", [("ipmitool", "user", "list"), ("ipmitool", "sel"), ("ip", "-br")], ids=" ".join)
def test_output_that_cannot_be_read_back_is_no_backup(words: tuple[str, ...], tmp_path: Path) -> None:
    test = bench(tmp_path)

    def garbled(number: int, done: Completed) -> Completed:
        broken = done.argv[: len(words)] == words and backing_up(test)
        return Completed(done.argv, 0, "?\n", "") if broken else done

    test.host.after = garbled
    ended = test.run()
    assert ended.ending == "refused"
    assert "cannot be read back" in ended.message
    assert test.untouched


def test_a_licence_that_is_missing_is_told_with_the_key_that_waives_it(tmp_path: Path) -> None:
    test = bench(tmp_path)
    refusing(test, lambda argv: "GetCurrentBiosCfg" in argv, sum.LICENCE_MISSING)
    ended = test.run()
    assert ended.ending == "refused"
    assert "node product key is not activated" in ended.message
    assert "without: [bios-settings]" in ended.remedy


def test_what_the_plan_waives_may_be_missing(tmp_path: Path) -> None:
    test = bench(tmp_path)
    refusing(test, lambda argv: "GetCurrentBiosCfg" in argv, sum.LICENCE_MISSING)
    test.change(backup=Backup(without=("bios-settings",)))
    assert test.run().ending == "updated"


def test_a_legacy_host_has_no_boot_entries_to_keep(tmp_path: Path) -> None:
    test = bench(tmp_path, bios_settings={"boot-mode": "LEGACY"})
    test.keep_only("bmc")
    assert test.run().ending == "updated"


def test_the_bios_settings_stand_in_no_event(tmp_path: Path) -> None:
    test = bench(tmp_path)
    assert test.run().ending == "updated"
    assert "BiosCfg>" not in repr(test.events)


# -- a second place


def elsewhere(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """A directory that passes for another machine's."""
    folder.mkdir()
    real = offhost.device
    monkeypatch.setattr(offhost, "device", lambda path: -1 if path == folder else real(path))
    return folder


def test_the_backup_is_copied_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test, place = bench(tmp_path), elsewhere(monkeypatch, tmp_path / "nfs")
    test.change(backup=Backup(copy_to=str(place)))
    assert test.run().ending == "updated"
    (copy,) = place.iterdir()
    assert (copy / "lan-print.txt").read_bytes() == (test.folder / "backup" / "lan-print.txt").read_bytes()


def test_a_directory_of_the_same_file_system_is_no_second_place(tmp_path: Path) -> None:
    test = bench(tmp_path)
    (tmp_path / "same").mkdir()
    test.change(backup=Backup(copy_to=str(tmp_path / "same")))
    ended = test.run()
    assert ended.ending == "refused"
    assert "same file system" in ended.message
    assert test.untouched


def test_an_scp_target_that_does_not_give_back_what_it_got_is_refused(tmp_path: Path) -> None:
    test = bench(tmp_path)
    test.change(backup=Backup(copy_to="vault:/srv"))  # the rehearsal's operator runs nothing: nothing comes back
    ended = test.run()
    assert ended.ending == "refused"
    assert "what came back from vault:/srv" in ended.message
    assert test.untouched


def test_a_backup_whose_copy_failed_does_not_say_that_it_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = bench(tmp_path)
    test.change(backup=Backup(copy_to="vault:/srv"))
    assert test.run().ending == "refused"
    assert (test.folder / "backup" / "lan-print.txt").exists()
    assert not (test.folder / "backup" / backup.COMPLETE).exists()


def test_an_old_mark_does_not_stand_for_a_backup_that_is_taken_anew(tmp_path: Path) -> None:
    test = bench(tmp_path)
    (test.folder / "backup").mkdir(parents=True)
    (test.folder / "backup" / backup.COMPLETE).touch()
    test.change(backup=Backup(copy_to="vault:/srv"))
    assert test.run().ending == "refused"
    assert not (test.folder / "backup" / backup.COMPLETE).exists()


# -- fwsim on the server itself


def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **spec: Any) -> Bench:
    test, place = bench(tmp_path, **spec), elsewhere(monkeypatch, tmp_path / "nfs")
    test.change(host=test.plan.host.model_copy(update={"local": True}), backup=Backup(copy_to=str(place)))
    return test


def test_a_local_plan_without_a_second_place_is_refused_as_a_file(tmp_path: Path) -> None:
    from tests.fwsim.test_plan import words, write

    content = words()
    content["host"]["local"] = True
    with pytest.raises(FileError, match="copy_to: is needed"):
        load(write(tmp_path, content), require_files=False)
    content["backup"] = {"copy_to": "vault:/srv"}
    assert load(write(tmp_path, content), require_files=False).host.local


def test_a_local_run_ends_before_the_reboot_and_says_how_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = local(tmp_path, monkeypatch)
    ended = test.run()
    assert (ended.ending, ended.exit_code) == ("interrupted", 5)
    assert f"fwsim resume {test.run_id}" in ended.remedy
    assert test.happened("host-shutdown") == 0, "there is time to write the last word"
    test.server.advance(test.server.now + 61)
    assert test.happened("host-shutdown") == 1
    assert test.intents[-1].step == "canary"


def test_a_local_run_is_gone_on_with_after_each_reboot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = local(tmp_path, monkeypatch, bios_settings={"sr-iov": "Enabled"})
    endings = []
    for _ in range(5):
        endings.append(resumed(test).ending)
        if endings[-1] != "interrupted":
            break
        test.server.advance(test.server.now + 1200)
        assert test.server.phase == "up"
    assert endings == ["interrupted"] * 3 + ["updated"], "canary, new BIOS, settings"
    assert test.server.bios_settings["sr-iov"] == "Enabled"
    assert test.happened("flash-finished") == 2


def resumed(test: Bench) -> Any:
    """The same run by another engine, from what the journal has."""
    from fwsim import recall
    from fwsim.rehearsal.memory import drive

    engine = test.engine()
    engine._context.found = recall.findings(test.events, engine.job)
    return drive(engine.run())


def test_a_resumed_run_takes_the_backup_of_before_the_flash(tmp_path: Path) -> None:
    test = bench(tmp_path)
    test.keep_only("bmc")
    test.change(policy=Policy())
    assert test.run().ending == "updated"
    kept = (test.folder / "backup" / "lan-print.txt").read_text()
    test.server.bmc.lan.address = "192.0.2.99"
    assert (test.folder / "backup" / backup.COMPLETE).exists()
    resumed(test)
    assert (test.folder / "backup" / "lan-print.txt").read_text() == kept
