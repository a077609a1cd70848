"""Files that people write: every mistake has its file, line and field, and none is a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, StrictBool

from fwsim import yamlfile
from fwsim.yamlerrors import FileError


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    address: str
    port: int = 22


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    host: Inner
    items: tuple[Inner, ...] = ()
    by_name: dict[str, Inner] = {}
    flag: StrictBool = True


GOOD = "name: a\nhost:\n  address: b\n"


def mistakes(tmp_path: Path, content: str | bytes) -> list[str]:
    """What is wrong with the file, as `LINE: FIELD: MESSAGE`."""
    path = tmp_path / "file.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(FileError) as caught:
        yamlfile.load(path, Outer)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(str(path)) for line in lines)
    return [line.removeprefix(f"{path}").removeprefix(":") for line in lines]


def test_a_good_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(GOOD + "items:\n  - address: c\n    port: 1\n")
    found = yamlfile.load(path, Outer)
    assert found.host.address == "b"
    assert found.items[0].port == 1


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("name: a\nhost:\n  addres: b\n", "3: host.addres", "unknown key; did you mean address?"),
        ("name: a\nhost:\n  addres: b\n", "2: host.address", "is missing"),
        (GOOD + "  port: many\n", "4: host.port", "expected a whole number"),
        (GOOD + "flag: yes please\n", "4: flag", "expected true or false"),
        (GOOD + "items:\n  - address: c\n  - adress: d\n", "6: items[1].adress", "unknown key"),
        (GOOD + "items:\n  - c\n", "5: items[0]", "expected keys with values: address, port"),
        (GOOD + "items: c\n", "4: items", "expected a list"),
        (GOOD + "by_name:\n  x: {adress: c}\n", "5: by_name.x.adress", "did you mean address?"),
        ("name: 3.90\nhost: {address: b}\n", "1: name", 'write it in quotes: "3.90"'),
        ("name: 2021-06-04\nhost: {address: b}\n", "1: name", 'write it in quotes: "2021-06-04"'),
        ("name: yes\nhost: {address: b}\n", "1: name", 'write it in quotes: "yes"'),
        ("name: 52:54:00\nhost: {address: b}\n", "1: name", 'write it in quotes: "52:54:00"'),
        (GOOD + "name: c\n", "4: name", "is here twice; first on line 1"),
        (GOOD + "  address: c\n", "4: host.address", "is here twice; first on line 3"),
        ("name: 2021-13-45\nhost: {address: b}\n", "1: name", "put it in quotes"),
        ("name: !python/object x\nhost: {address: b}\n", "1: name", "put it in quotes"),
        ("? [a]\n: b\n", "1: a key must be a word", ""),
        ("- a\n- b\n", "1: expected keys with values", ""),
        ("just words\n", "1: expected keys with values", ""),
        ("", "1: is empty", ""),
        ("# nothing\n", "1: is empty", ""),
        ("name: *other\nhost: {address: b}\n", "1: a word that begins with * is a YAML alias", ""),
        ("name: &x a\nhost: {address: *x}\n", "2: a word that begins with * is a YAML alias", ""),
        ("name: [a\nhost: b\n", "2: is no YAML here", ""),
        ("name: a\n\thost: b\n", "2: is no YAML here: a tab; indent with spaces", ""),
        ("name: 'a\n", "2: is no YAML here", ""),
        ("name: a\n---\nname: b\n", "2: is no YAML here", ""),
        ("name: a\x07b\n", "1: has a control character", ""),
        (b"name: a\nhost: \xff\xfe\n", "2: is no UTF-8 text", ""),
    ],
)
def test_a_mistake_is_told_with_its_line_and_field(tmp_path: Path, content: str, line: str, words: str) -> None:
    told = mistakes(tmp_path, content)
    assert any(text.startswith(line) and words in text for text in told), told


def test_every_mistake_of_a_file_is_told_at_once_and_in_order(tmp_path: Path) -> None:
    told = mistakes(tmp_path, "name: 3.9\nhost:\n  port: x\n  colour: red\nflag: 1\n")
    assert [text.split(": ")[0] for text in told] == ["1", "2", "3", "4", "5"]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"none\.yaml: there is no such file"):
        yamlfile.load(tmp_path / "none.yaml", Outer)


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is a directory"):
        yamlfile.load(tmp_path, Outer)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    assert "larger than 1 MiB" in mistakes(tmp_path, b"#" * (1 << 21))[0]


def test_deep_nesting_is_no_crash(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "a: " + "[" * 500000) == ["1: is nested too deeply"]
    assert mistakes(tmp_path, "".join(" " * n + "a:\n" for n in range(500))) == ["31: is nested too deeply"]


def test_a_byte_order_mark_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert yamlfile.load(path, Outer).name == "a"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=80) | st.text("abc:{}[]-'\"\n\t *&!?#|>%@` 0", max_size=60).map(str.encode))
def test_no_content_gives_anything_but_a_model_or_a_file_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.yaml"
    path.write_bytes(content)
    try:
        yamlfile.load(path, Outer)
    except FileError as error:
        assert error.problems
