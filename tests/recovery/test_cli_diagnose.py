"""`fwsim diagnose`, as it is typed: of a rehearsal that has ended, of one whose server stands, and of a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulators.home.config import Ready
from fwsim import rehearsal
from fwsim.record import Record, write
from fwsim.rehearsal import standing, wire
from fwsim.rehearsal.prepare import from_scenario
from fwsim.rehearsal.scenario import load
from fwsim.runs import Run, Runs
from tests.fwsim.command_line import Fwsim, fwsim
from tests.homes import home

__all__ = ["fwsim"]  # pytest finds the fixture here

SPEED = 60.0


@pytest.fixture
def runs(fwsim: Fwsim, tmp_path: Path) -> str:
    """A directory with one run: a rehearsal in memory, which leaves no server behind."""
    folder = str(tmp_path / "runs")
    fwsim("rehearse", "severe-lock", "--virtual", "--runs", folder)
    return folder


def test_a_run_whose_server_has_gone_is_told_from_its_journal(fwsim: Fwsim, runs: str) -> None:
    code, out, err = fwsim("diagnose", "--runs", runs)
    assert code == 4
    assert out.startswith("1. severe-lock: likely (rule D61)\n")
    assert "its journal alone tells" in err


def test_a_run_that_ended_well_has_nothing_wrong(fwsim: Fwsim, tmp_path: Path) -> None:
    fwsim("rehearse", "--virtual", "--runs", str(tmp_path))
    code, out, _ = fwsim("diagnose", "--runs", str(tmp_path))
    assert code == 0
    assert out.startswith("1. ended-well: likely")


def test_the_result_is_kept_with_the_run_and_is_what_json_prints(fwsim: Fwsim, runs: str) -> None:
    _, out, _ = fwsim("diagnose", "--runs", runs, "--json")
    kept = next(Path(runs).glob("*/diagnosis.json"))
    assert json.loads(out) == json.loads(kept.read_text())
    assert json.loads(out)["causes"][0]["rule"] == "D61"


def test_what_somebody_sees_there_counts(fwsim: Fwsim, runs: str) -> None:
    _, out, _ = fwsim("diagnose", "latest", "--runs", runs, "--observed", "video=logo", "--json")
    assert "severe-lock" in [row["cause"] for row in json.loads(out)["ruled_out"]]


def test_what_is_not_in_the_vocabulary_is_told_what_is(fwsim: Fwsim, runs: str) -> None:
    code, out, err = fwsim("diagnose", "--runs", runs, "--observed", "fan=1")
    assert (code, out) == (2, "")
    assert "did you mean fans?" in err
    assert "there are: fans, video" in err


def test_what_can_be_reported_can_be_listed(fwsim: Fwsim) -> None:
    code, out, _ = fwsim("diagnose", "--vocabulary")
    assert code == 0
    assert out.splitlines()[0] == "fans       100%, normal, off"
    assert json.loads(fwsim("diagnose", "--vocabulary", "--json")[1])["psu"] == ["all", "some", "none"]


@pytest.mark.parametrize("target", ["nosuchrun", "nosuch.yaml"])
def test_a_target_that_is_not_there_is_one_clear_error(fwsim: Fwsim, runs: str, target: str) -> None:
    code, out, err = fwsim("diagnose", target, "--runs", runs)
    assert (code, out) == (2, "")
    assert "Traceback" not in err


def test_deleting_the_worlds_record_gives_the_same_diagnosis(fwsim: Fwsim, runs: str) -> None:
    first = fwsim("diagnose", "--runs", runs, "--json")[1]
    next(Path(runs).glob("*/world.jsonl")).unlink()
    assert fwsim("diagnose", "--runs", runs, "--json")[1] == first


# -- over wires


@pytest.fixture
def left_standing(tmp_path: Path) -> Iterator[Run]:
    """A rehearsal that was interrupted before its first event: its server runs."""
    prepared = from_scenario(load("x11ssh-f"), tmp_path / "payloads")
    run = Runs(tmp_path / "runs").new("x11ssh-f")
    write(run, Record(kind="rehearsal", plan=prepared.plan, run_id=run.id))
    run.journal.touch()

    async def start() -> standing.Standing:
        config = rehearsal.on_loopback(prepared, rehearsal.Options(speed=SPEED), run.path)
        async with wire.server(config, run.path, prepared.bmc_passwords) as served:
            served.wanted = True
            return served.ready

    ready = asyncio.run(start())
    try:
        yield run
    finally:
        standing.end(ready)
        standing.clear(run.path)


@pytest.mark.wire
def test_a_rehearsal_whose_server_stands_is_looked_at_and_left_standing(fwsim: Fwsim, left_standing: Run) -> None:
    for _ in range(2):
        code, out, err = fwsim("diagnose", left_standing.id, "--runs", str(left_standing.path.parent), "--json")
        found = json.loads(out)
        assert (code, found["causes"][0]["cause"]) == (0, "nothing-wrong"), out + err
        assert {"bmc.lease", "kcs", "bmc.login"} <= {row["key"] for row in found["evidence"]}


@pytest.fixture
def server() -> Iterator[Ready]:
    with home(speed=SPEED) as ready:
        yield ready


def a_plan(server: Ready, folder: Path) -> Path:
    """As an operator writes one for that server. Its payloads need not be there."""
    (folder / "known_hosts").write_text(f"[{server.ssh.host}]:{server.ssh.port} {server.ssh.host_key}\n")
    path = folder / "db07.yaml"
    path.write_text(
        "board: x11ssh-f\n"
        f"host: {{address: {server.ssh.host}, port: {server.ssh.port}, password: {{env: TEST_HOST}}, "
        "known_hosts: known_hosts}\n"
        f"bmc: {{address: {server.ipmi.host}, port: {server.ipmi.port}, user: ADMIN, password: {{env: TEST_BMC}}}}\n"
        f'payloads: [{{kind: bmc, file: gone.hpm, version: "3.90", sha256: "{"0" * 64}"}}]\n'
        "power: {feeds: 2}\n"
    )
    return path


@pytest.mark.wire
def test_a_real_server_is_looked_at_without_any_run(
    fwsim: Fwsim, server: Ready, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_HOST", server.ssh.password)
    monkeypatch.setenv("TEST_BMC", server.ipmi.password)
    code, out, err = fwsim("diagnose", str(a_plan(server, tmp_path)), "--runs", str(tmp_path / "runs"))
    assert code == 0, out + err
    assert out.startswith("1. nothing-wrong: likely (rule D90)\n")
    assert fwsim("runs", "--runs", str(tmp_path / "runs"))[1] == "", "it is no run of an update"
    kept = "".join(path.read_text() for path in (tmp_path / "runs").rglob("*") if path.is_file())
    assert server.ssh.password not in out + kept
    assert "kcs" in out


@pytest.mark.wire
def test_a_wrong_bmc_password_is_told_from_another_cause(
    fwsim: Fwsim, server: Ready, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_HOST", server.ssh.password)
    monkeypatch.setenv("TEST_BMC", "not-the-password")
    code, out, _ = fwsim("diagnose", str(a_plan(server, tmp_path)), "--runs", str(tmp_path / "runs"), "--json")
    found = json.loads(out)
    assert (code, found["causes"][0]["cause"], found["causes"][0]["confidence"]) == (1, "password-lost", "certain")
    told = {row["key"]: row["value"] for row in found["evidence"]}
    assert (told["bmc.login"], told["password"], told["kcs"]) == ("refused", "wrong", "answers")
