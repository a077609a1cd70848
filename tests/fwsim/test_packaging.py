"""What a user installs: a wheel that holds every data file, and constraints that name no registry."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("fwsim", "recovery", "emulators", "scenarios")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=100)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_every_data_file(wheel: zipfile.ZipFile) -> None:
    data = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.suffix in (".yaml", ".j2", ".py", ".txt", ".typ")
    }
    assert any(name.startswith("scenarios/") and name.endswith(".yaml") for name in data)
    assert any(name.startswith("emulators/boards/") and name.endswith(".yaml") for name in data)
    assert any(name.startswith("fwsim/boards/") and name.endswith(".yaml") for name in data)
    assert data - set(wheel.namelist()) == set()


def test_the_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
    assert not [name for name in wheel.namelist() if name.endswith((".pyc", ".bin", ".hpm"))]


def test_the_wheel_gives_the_command_and_its_licence(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    entry_points = next(n for n in names if n.endswith("entry_points.txt"))
    assert "fwsim = fwsim.cli:main" in wheel.read(entry_points).decode()
    licence = next(n for n in names if n.endswith("licenses/LICENSE"))
    assert "Apache License" in wheel.read(licence).decode()


def test_the_metadata_is_complete(wheel: zipfile.ZipFile) -> None:
    from fwsim import __version__

    name = next(n for n in wheel.namelist() if n.endswith("/METADATA"))
    metadata = HeaderParser().parsestr(wheel.read(name).decode())
    assert metadata["Name"] == "fwsim"
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Summary"]
    required = {re.split(r"[=<>;\s]", line)[0].lower() for line in metadata.get_all("Requires-Dist", [])}
    assert {"asyncssh", "jinja2", "platformdirs", "pydantic", "pyghmi", "pyyaml", "rich", "typer"} <= required


def test_constraints_are_names_and_versions_alone() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert lines
    for line in lines:
        assert re.fullmatch(r"[a-z0-9][a-z0-9._-]*==[0-9][0-9a-z.+!]*", line), line


def test_constraints_pin_every_direct_dependency() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    pinned = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert {re.split(r"[=<>]", w)[0].lower() for w in wanted} - pinned == set()
