"""Plans: what a person writes, and what is told them when it is wrong."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from fwsim import boards, plan
from fwsim.attestations import Quiet
from fwsim.plan import FileError, Plan, load
from fwsim.secret import Secret, SecretUnavailable

DATA = b"firmware"
SHA = hashlib.sha256(DATA).hexdigest()


def words() -> dict[str, Any]:
    return {
        "board": "x11ssh-f",
        "host": {"address": "db07.example.net"},
        "bmc": {"address": "10.0.0.7", "user": "ADMIN", "password": {"env": "BMC_PASSWORD"}},
        "payloads": [
            {"kind": "bmc", "file": "bmc.hpm", "version": "3.90", "sha256": SHA},
            {"kind": "bios", "file": "bios.bin", "version": "2.7", "sha256": SHA, "requires_bmc": ">=3.90"},
        ],
        "power": {"feeds": 2},
    }


def write(tmp_path: Path, content: dict[str, Any]) -> Path:
    for name in ("bmc.hpm", "bios.bin"):
        (tmp_path / name).write_bytes(DATA)
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def mistakes(path: Path) -> str:
    with pytest.raises(FileError) as caught:
        load(path)
    return str(caught.value)


def test_a_good_plan_is_read_with_its_defaults(tmp_path: Path) -> None:
    found = load(write(tmp_path, words()))
    assert (found.host.port, found.bmc.port, found.host.user) == (22, 623, "root")
    assert found.policy.canary_reboot
    assert not found.policy.allow_downgrade
    assert not found.policy.install_ipmitool
    bios = found.payload("bios")
    assert bios is not None
    assert bios.requires_bmc == ">=3.90"


def test_paths_are_relative_to_the_plan(tmp_path: Path) -> None:
    found = load(write(tmp_path, words()))
    assert found.payloads[0].file == tmp_path / "bmc.hpm"


@pytest.mark.parametrize("literal", ["hunter2", 12345, "*secret", "!secret", ["hunter2"], True])
def test_a_password_in_a_plan_is_refused_and_never_repeated(tmp_path: Path, literal: object) -> None:
    content = words()
    content["bmc"]["password"] = "PLACE"
    path = write(tmp_path, content)
    path.write_text(path.read_text().replace("PLACE", str(literal)))
    told = mistakes(path)
    assert "plan.yaml:7: " in told
    assert "hunter2" not in told
    assert "12345" not in told
    assert "secret" not in told


def test_the_refusal_of_a_password_says_what_to_write(tmp_path: Path) -> None:
    content = words()
    content["host"]["password"] = "hunter2"
    told = mistakes(write(tmp_path, content))
    assert "host.password: a plan holds no password; write where it comes from: {env: NAME}" in told


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ({}, "expected exactly one of"),
        ({"env": "A", "prompt": True}, "expected exactly one of"),
        ({"env": "not a name!"}, "expected the name of an environment variable"),
        ({"text": "hunter2"}, "expected exactly one of"),
        ({"hunter2": None}, "expected exactly one of"),
        ({"prompt": False}, "expected one of"),
    ],
)
def test_a_secret_has_exactly_one_source(tmp_path: Path, source: dict[str, Any], complaint: str) -> None:
    content = words()
    content["bmc"]["password"] = source
    told = mistakes(write(tmp_path, content))
    assert complaint in told
    assert "hunter2" not in told


def test_two_payloads_of_a_kind_are_a_mistake_at_the_second(tmp_path: Path) -> None:
    content = words()
    content["payloads"].append({**content["payloads"][0], "version": "3.91"})
    told = mistakes(write(tmp_path, content))
    line = (tmp_path / "plan.yaml").read_text().splitlines().index("  version: '3.91'") - 1
    assert told.startswith(f"{tmp_path}/plan.yaml:{line}: payloads[2]: a second bmc payload; put versions")


def test_a_second_payload_is_told_together_with_other_mistakes(tmp_path: Path) -> None:
    content = words()
    content["payloads"].append(dict(content["payloads"][0]))
    content["colour"] = "red"
    told = mistakes(write(tmp_path, content))
    assert "a second bmc payload" in told
    assert "colour: unknown key" in told


def test_no_payload_is_a_mistake(tmp_path: Path) -> None:
    content = words()
    content["payloads"] = []
    assert "payloads: is empty" in mistakes(write(tmp_path, content))


def test_a_missing_payload_file_is_a_mistake_unless_it_is_to_be_substituted(tmp_path: Path) -> None:
    path = write(tmp_path, words())
    (tmp_path / "bios.bin").unlink()
    assert "payloads[1].file: there is no file" in mistakes(path)
    assert isinstance(load(path, require_files=False), Plan)


@pytest.mark.parametrize(
    ("place", "value", "complaint"),
    [
        (("board",), "x11ssf", "did you mean x11ss"),
        (("payloads", 0, "kind"), "bmx", "expected one of 'bmc' or 'bios'"),
        (("payloads", 0, "sha256"), "abc", "expected 64 hexadecimal digits"),
        (("payloads", 0, "version"), "new", "is no version"),
        (("payloads", 0, "version"), 3.9, 'write it in quotes: "3.9"'),
        (("payloads", 0, "requires"), "3.10", "is no requirement"),
        (("payloads", 0, "requires_bmc"), ">=3", "only a BIOS payload has this"),
        (("payloads", 0, "method"), "racadm", "expected auto or hpm or sum for the bmc of x11ssh-f"),
        (("payloads", 1, "method"), "hpm", "expected auto or sum for the bios of x11ssh-f"),
        (("host", "port"), 70000, "less than or equal to 65535"),
        (("host", "port"), "22", "expected a whole number, without quotes"),
        (("host", "port"), True, "expected a whole number"),
        (("host", "address"), "", "at least 1 character"),
        (("host", "address"), "a b", "should match pattern"),
        (("power", "feeds"), "two", "expected a whole number"),
        (("power", "ups"), "no", "expected true or false"),
        (("policy",), {"canary_rebot": False}, "did you mean canary_reboot?"),
        (("running",), {"bmc": "3.88"}, "running.bios: is missing"),
        (("bmc", "user"), None, "expected text"),
    ],
)
def test_a_wrong_value_is_told_at_its_line(tmp_path: Path, place: tuple[Any, ...], value: Any, complaint: str) -> None:
    content = words()
    part: Any = content
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    told = mistakes(write(tmp_path, content))
    assert complaint in told
    assert len(told.splitlines()) == 1
    assert all(line.split(":")[1].isdigit() for line in told.splitlines())


@pytest.mark.parametrize("name", boards.names())
def test_the_template_of_every_board_passes_the_check_once_its_files_exist(tmp_path: Path, name: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(plan.template(name))
    unread = load(path, require_files=False)
    for image in unread.fallback:
        image.file.write_bytes(DATA)
    for entry in unread.payloads:
        entry.file.write_bytes(DATA)
        assert boards.load(name).name_fits(entry.kind, entry.file.name)
    found = load(path)
    assert found.board == name
    assert found.running is not None
    assert {p.kind for p in found.payloads} == {"bmc", "bios"}
    for entry in found.payloads:
        assert plan.hops(entry, getattr(found.running, entry.kind))
    assert {(f.kind, f.version) for f in found.fallback} == {("bmc", found.running.bmc), ("bios", found.running.bios)}
    assert found.quiet == Quiet(), "nobody has attested anything yet"


def test_the_keys_that_the_template_has_commented_out_are_true_keys(tmp_path: Path) -> None:
    text = plan.template("x11ssh-f")
    for commented in ("# key:", "# password:", "# known_hosts:", "# cipher_suite:", "# method:", "# attest:"):
        assert commented in text
    text = re.sub(r"^( +)# (?= *[a-z_]+:| *- \{)", r"\1", text, flags=re.MULTILINE)
    path = tmp_path / "plan.yaml"
    path.write_text(text.replace('sha256: "..."', f'sha256: "{SHA}"'))
    found = load(path, require_files=False)
    assert found.bmc.cipher_suite == 17
    assert found.payloads[0].intermediate
    assert found.payloads[1].attest


def test_a_plan_from_before_attestations_still_loads_and_attests_nothing(tmp_path: Path) -> None:
    found = load(write(tmp_path, words()))
    assert (found.quiet, found.fallback, found.waivers) == (Quiet(), (), ())
    assert not found.sealed_disk.passphrase
    assert not found.policy.accept_no_fallback


def test_attestations_and_waivers_are_read(tmp_path: Path) -> None:
    back = {"kind": "bmc", "file": "bmc.hpm", "version": "3.88"}
    waivers = [{"finding": "sel-1f", "reason": "DIMM replaced, TICKET-123"}]
    content = words() | {"quiet": {"fencing": True}, "fallback": [back], "waivers": waivers}
    found = load(write(tmp_path, content))
    assert found.quiet == Quiet(fencing=True)
    assert found.fallback[0].file == tmp_path / "bmc.hpm"
    assert found.fallback[0].sha256 is None, "it is read; a preflight refuses it"
    assert found.waiver("sel-1f") == "DIMM replaced, TICKET-123"
    assert found.waiver("sel-20") == ""


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("waivers", [{"finding": "sel", "reason": "we know"}], "expected self-test, sol, web, secure-boot, watchdog"),
        ("waivers", [{"finding": "power", "reason": "we know"}], "expected self-test"),
        ("waivers", [{"finding": "web", "reason": ""}], "waivers[0].reason"),
        ("waivers", [{"finding": "web"}], "waivers[0].reason"),
        ("waivers", [{"finding": "web", "reason": w} for w in ("one", "two")], "waivers[1]: a second waiver of web"),
        ("quiet", {"fencing": "yes, I think so"}, "quiet.fencing"),
        ("quiet", True, "quiet"),
        ("fallback", [{"kind": "bmc", "file": "gone", "version": "1.0"}], "fallback[0].file: there is no file"),
        (
            "fallback",
            [{"kind": "bmc", "file": f, "version": "1.0"} for f in ("bmc.hpm", "bios.bin")],
            "a second image of bmc 1.0",
        ),
        ("sealed_disk", {"passphrase": "hunter2"}, "sealed_disk.passphrase"),
    ],
)
def test_a_mistaken_attestation_is_told_by_its_key(tmp_path: Path, key: str, value: object, complaint: str) -> None:
    told = mistakes(write(tmp_path, words() | {key: value}))
    assert complaint in told
    assert "hunter2" not in told


def test_no_part_of_the_error_holds_the_password(tmp_path: Path) -> None:
    content = words()
    content["bmc"]["password"] = "hunter2"
    with pytest.raises(FileError) as caught:
        load(write(tmp_path, content))
    error: BaseException | None = caught.value
    while error is not None:
        assert "hunter2" not in f"{error!s} {error!r}"
        error = error.__cause__ or error.__context__


def test_an_intermediate_version_stands_once(tmp_path: Path) -> None:
    content = words()
    step = {"file": "bmc.hpm", "version": "3.89", "sha256": SHA}
    content["payloads"][0]["intermediate"] = [step, {**step, "version": "3.90"}, dict(step)]
    told = mistakes(write(tmp_path, content)).splitlines()
    assert [line.split(": ", 1)[1] for line in told] == [
        "payloads[0].intermediate[1].version: is in this payload twice",
        "payloads[0].intermediate[2].version: is in this payload twice",
    ]


def test_a_missing_key_file_is_a_mistake(tmp_path: Path) -> None:
    content = words()
    content["host"].update(key="id_none", known_hosts="hosts_none")
    told = mistakes(write(tmp_path, content))
    assert "host.key: there is no file" in told
    assert "host.known_hosts: there is no file" in told


def test_the_digest_follows_the_words_and_not_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, moved = (load(write(tmp_path / folder, words())) for folder in ("a", "b"))
    assert one.digest == moved.digest
    changed = words()
    changed["policy"] = {"canary_reboot": False}
    assert load(write(tmp_path / "b", changed)).digest != one.digest


def test_a_secret_is_read_from_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BMC_PASSWORD", "one")
    assert Secret(env="BMC_PASSWORD").read("BMC") == "one"
    (tmp_path / "password").write_text("two\nmore\n")
    assert Secret(file=tmp_path / "password").read("BMC") == "two"
    assert Secret(prompt=True).read("BMC", ask=lambda question: f"{question}three") == "BMC: three"


def test_a_secret_that_is_not_there_says_which_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BMC_PASSWORD", raising=False)
    with pytest.raises(SecretUnavailable, match="BMC_PASSWORD is not set"):
        Secret(env="BMC_PASSWORD").read("BMC")
    with pytest.raises(SecretUnavailable, match="cannot be read: No such file"):
        Secret(file=tmp_path / "none").read("BMC")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(SecretUnavailable, match="begins with an empty line"):
        Secret(file=tmp_path / "empty").read("BMC")

    def no_terminal(question: str) -> str:
        raise EOFError

    with pytest.raises(SecretUnavailable, match="no terminal"):
        Secret(prompt=True).read("BMC", ask=no_terminal)


def test_the_source_of_leases_is_a_file_or_a_command(tmp_path: Path) -> None:
    by_file = load(write(tmp_path, words() | {"leases": {"file": "dnsmasq.leases"}})).leases
    assert by_file is not None
    assert by_file.argv == ("cat", str(tmp_path / "dnsmasq.leases"))
    by_command = load(write(tmp_path, words() | {"leases": {"command": "ssh dhcp cat leases"}})).leases
    assert by_command is not None
    assert by_command.argv == ("sh", "-c", "ssh dhcp cat leases")


@pytest.mark.parametrize("leases", [{}, {"file": "a", "command": "b"}])
def test_leases_with_no_source_or_two_are_refused(tmp_path: Path, leases: dict[str, str]) -> None:
    with pytest.raises(FileError, match="exactly one of"):
        load(write(tmp_path, words() | {"leases": leases}))
