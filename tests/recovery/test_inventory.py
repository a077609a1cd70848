"""Inventories from YAML and CSV: the sample that ships, what is missing, and what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fwsim import boards
from fwsim.yamlerrors import FileError
from recovery import inventory, inventory_csv
from recovery.inventory import Inventory
from tests.recovery import ticket_bench

HEAD = "name,board,serial,location.site,location.rack,feeds.0.psu,feeds.0.pdu,feeds.0.outlet,feeds.1.psu,feeds.1.outlet"
ROWS = "db07,x11ssh-f,S1,LON2,B07,PSU1,PDU A,14,PSU2,\ndb08,r740,,LON2,B08,,,,,\n"


def _file(tmp_path: Path, text: str, name: str = "servers.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_the_sample_is_complete() -> None:
    assert not ticket_bench.build("cmos-clear").draft
    known = ticket_bench.sample()
    assert {c.role for c in known.contacts} == {"technical", "ordering", "notification"}
    assert known.spare is not None


def test_a_file_made_of_an_inventory_is_the_same_inventory(tmp_path: Path) -> None:
    path = _file(tmp_path, inventory.to_yaml(ticket_bench.sample()), "db07.yaml")
    assert inventory.load(path) == ticket_bench.sample()


def test_what_nobody_knows_is_left_out_of_the_file() -> None:
    assert inventory.to_yaml(Inventory(name="x", serial="S1")) == "name: x\nserial: S1\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x\nserail: y\n", "did you mean serial?"),
        ("board: x\n", "name: is missing"),
        ("name: x\ncontacts: [{role: technical, phone: 020 7946}]\n", "phone"),
        ("name: x\ntime_zone: Mars/Olympus\n", "expected a name like Europe/London"),
        ("name: x\nwindow: {starts: 2026-11-22T14:00:00}\n", "timezone"),
        ("name: x\nfeeds: [{psu: PSU1, outlet: 14}]\n", "write it in quotes"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(FileError, match=said):
        inventory.load(_file(tmp_path, text, "x.yaml"))


TWICE = [
    ("x11ssh-f", "feeds: [{psu: PSU1},\n {psu: PSU7}]", "feeds[1].psu: the Supermicro X11SSH-F has no such"),
    ("", "feeds: [{psu: PSU1},\n {psu: PSU7}]", "feeds[1].psu: the Supermicro X11SSH-F has no such"),
    ("", "feeds: [{psu: PSU1},\n {psu: PSU1}]", "feeds[1].psu: is the supply of feeds[0] too"),
    ("", "cables: [{label: A}, {port: lan1},\n {label: A}]", "cables[2].label: is the label of cables[0] too"),
    ("", "cables: [{label: A}]\nfeeds: [{psu: PSU1, cable: A}]", "feeds[0].cable: is the label of cables[0] too"),
    ("", "cables: [{port: lan1},\n {port: lan1}]", "cables[1].port: is the port of cables[0] too"),
    ("", "window:\n  {starts: 2030-01-02T00:00:00Z, ends: 2030-01-01T00:00:00Z}", "window.ends: is not after"),
]  # fmt: skip


@pytest.mark.parametrize(("board", "text", "said"), TWICE)
def test_what_would_send_a_hand_to_the_wrong_cable_is_told_with_its_line(
    tmp_path: Path, board: str, text: str, said: str
) -> None:
    path = _file(tmp_path, f"name: x\n{f'board: {board}' if board else ''}\n{text}\n", "x.yaml")
    with pytest.raises(FileError, match=re.escape(f"{path}:4: {said}")):
        inventory.load(path, boards.load("x11ssh-f"))


def test_csv_tells_the_same_with_line_and_column(tmp_path: Path) -> None:
    path = _file(tmp_path, "name,board,feeds.0.psu,feeds.1.psu\ndb07,x11ssh-f,PSU1,PSU7\ndb08,,PSU1,PSU1\n")
    with pytest.raises(FileError, match=r"servers\.csv:2: feeds\.1\.psu: the Supermicro X11SSH-F has no such"):
        inventory_csv.load(path, "db07")
    with pytest.raises(FileError, match=r"servers\.csv:3: feeds\.1\.psu: is the supply of feeds\[0\] too"):
        inventory_csv.load(path, "db08")


def test_half_a_row_of_csv_is_a_draft_that_unplugs_all(tmp_path: Path) -> None:
    path = _file(tmp_path, "name,board,feeds.0.psu,feeds.0.pdu,feeds.0.outlet\ndb07,x11ssh-f,PSU1,PDU A,14\n")
    made = ticket_bench.build("power-removal", place=inventory_csv.load(path, "db07"))
    assert "power psu2" in made.unknown
    assert "Disconnect the power cables from PSU1 and PSU2." in [s.text for s in made.steps]


def test_a_row_of_csv_is_an_inventory(tmp_path: Path) -> None:
    found = inventory_csv.load(_file(tmp_path, f"{HEAD}\n{ROWS}"), "db07")
    assert (found.board, found.serial, found.location.rack) == ("x11ssh-f", "S1", "B07")
    assert [(f.psu, f.pdu, f.outlet) for f in found.feeds] == [("PSU1", "PDU A", "14"), ("PSU2", None, None)]


def test_an_empty_cell_is_something_that_nobody_knows(tmp_path: Path) -> None:
    found = inventory_csv.load(_file(tmp_path, f"{HEAD}\n{ROWS}"), "db08")
    assert (found.serial, found.feeds) == (None, ())


@pytest.mark.parametrize(
    ("text", "server", "said"),
    [
        (f"{HEAD}\n{ROWS}", "db09", "expected one of: db07, db08"),
        (f"{HEAD}\n{ROWS}{ROWS}", "db07", "has 2 rows"),
        ("serial\nS1\n", "db07", "name: is missing"),
        ("name,serail\ndb07,S1\n", "db07", "unknown key; did you mean serial"),
        ("name,location,location.rack\ndb07,x,B07\n", "db07", "is a value itself"),
        ('name,serial\ndb07,"S1\n', "db07", "is no CSV"),
        ("", "db07", "is missing"),
    ],
)
def test_a_mistake_in_csv_is_one_clear_error(tmp_path: Path, text: str, server: str, said: str) -> None:
    with pytest.raises(FileError, match=said):
        inventory_csv.load(_file(tmp_path, text), server)


def test_a_csv_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read"):
        inventory_csv.load(tmp_path / "none.csv", "db07")
