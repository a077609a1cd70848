"""Estates as files and as compose files, and who gets which address. No engine is needed."""

from __future__ import annotations

import json
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from emulators import boards
from emulators.docker import addresses, compose, told
from emulators.docker.addresses import BadAddress
from emulators.docker.estatefile import EstateFile
from emulators.docker.lifeline import Lifeline, wanted
from fwsim import yamlfile
from fwsim.yamlerrors import FileError

SUBNETS = {"management": IPv4Network("10.1.1.0/24"), "production": IPv4Network("10.1.2.0/24")}
FILE: dict[str, Any] = {
    "name": "rack-b07",
    "networks": {"management": "10.77.7.0/24"},
    "speed": 10,
    "servers": [
        {"board": "x11ssh-f", "name": "db07", "bmc": "10.77.7.180", "faults": [{"kind": "users-reset"}]},
        {"board": "r740", "name": "app", "count": 2},
    ],
}


def test_each_server_has_addresses_of_its_own_and_none_is_leased_or_dockers() -> None:
    each = [addresses.placed("x11ssh-f", number, SUBNETS) for number in range(60)]
    first, last = addresses.leases(SUBNETS["management"])
    own = [address for placed in each for address in (placed.bmc, placed.host)]
    assert len(set(own)) == 120
    assert not any(first <= placed.bmc <= last for placed in each)
    assert min(own) > IPv4Address("10.1.1.63"), "the bottom is Docker's"


def test_where_bmc_and_host_share_a_port_they_share_its_network() -> None:
    shared = [name for name in boards.names() if boards.load(name).bmc.lan_mode == "shared"]
    for board in shared:
        assert addresses.placed(board, 0, SUBNETS).host in SUBNETS["management"]
    assert addresses.placed("x11ssh-f", 0, SUBNETS).host in SUBNETS["production"]


@pytest.mark.parametrize("address", ["10.1.2.9", "10.1.1.1", "10.1.1.255", "10.1.1.200"])
def test_an_address_that_no_bmc_can_have_is_refused(address: str) -> None:
    with pytest.raises(BadAddress, match=address):
        addresses.check(IPv4Address(address), SUBNETS["management"])


def test_a_network_too_small_for_its_servers_is_refused() -> None:
    with pytest.raises(BadAddress, match="no room for server 64"):
        addresses.placed("x11ssh-f", 63, SUBNETS)


def test_several_servers_of_a_kind_are_numbered() -> None:
    specs = EstateFile.model_validate(FILE).specs()
    assert [(spec.name, spec.board) for spec, _ in specs] == [
        ("db07", "x11ssh-f"),
        ("app-1", "r740"),
        ("app-2", "r740"),
    ]
    assert [str(bmc) for _, bmc in specs] == ["10.77.7.180", "None", "None"]
    assert [fault.kind for fault in specs[0][0].faults] == ["users-reset"]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"servers": []}, "at least 1 item"),
    ({"servers": [{"board": "x99"}]}, "no virtual board is called 'x99'"),
    ({"servers": [{"board": "r740"}, {"board": "r740"}]}, "two servers are called r740"),
    ({"servers": [{"board": "r740", "bmc": "10.0.0.9"}]}, "need networks.management"),
    ({"servers": [{"board": "r740", "count": 2, "bmc": "10.77.7.99"}]}, "count makes several"),
    ({"servers": [{"board": "r740", "name": "../x"}]}, "expected lower-case letters"),
    ({"servers": [{"board": "r740", "faults": [{"kind": "nonsense"}]}]}, "Input should be 'flash-interrupted'"),
    (FILE | {"servers": [{"board": "r740", "bmc": "10.77.7.210"}]}, "that the DHCP server leases"),
]


@pytest.mark.parametrize(("document", "said"), BAD, ids=[said for _, said in BAD])
def test_an_estate_file_that_cannot_be_is_refused(document: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        EstateFile.model_validate(document)
    assert said in str(refused.value)


def test_a_mistake_in_the_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "estate.yaml"
    path.write_text("name: rack\nservers:\n  - board: x99\n")
    with pytest.raises(FileError, match=r"estate.yaml:3.*no virtual board is called 'x99'"):
        yamlfile.load(path, EstateFile)


def test_the_compose_file_says_what_the_engine_would_be_told() -> None:
    document = compose.document(EstateFile.model_validate(FILE), "fwsim-server:x")
    assert list(document["services"]) == ["leases", "db07", "app-1", "app-2"]
    db07 = document["services"]["db07"]
    assert (db07["cap_drop"], db07["cap_add"], db07["read_only"]) == (["ALL"], ["NET_ADMIN", "NET_RAW"], True)
    config = told.Server.model_validate_json(db07["environment"][told.SERVER].replace("$$", "$"))
    spec = config.home.spec
    assert (spec.bmc_address, spec.bmc_netmask, config.home.speed) == ("10.77.7.180", "255.255.255.0", 10)
    assert (config.home.bmc_port, config.home.ssh_port) == (623, 22)
    numbers = [
        told.Server.model_validate_json(document["services"][name]["environment"][told.SERVER]).home.number
        for name in ("db07", "app-1", "app-2")
    ]
    assert numbers == [0, 1, 2], "consecutive boards: none has another's MAC address"
    leases = json.loads(document["services"]["leases"]["environment"][told.LEASES])
    assert (leases["first"], leases["gateway"]) == ("10.77.7.193", "10.77.7.1")


def test_an_address_that_another_server_would_get_is_refused() -> None:
    file = EstateFile.model_validate(FILE | {"servers": [FILE["servers"][1], {"board": "r740", "bmc": "10.77.7.129"}]})
    with pytest.raises(BadAddress, match="10.77.7.129 is the address that app-1 gets"):
        compose.document(file, "x")


def test_an_estate_is_wanted_as_long_as_somebody_holds_on_to_it(tmp_path: Path) -> None:
    assert not wanted(tmp_path)
    one, two = Lifeline(tmp_path), Lifeline(tmp_path)
    one.close()
    assert wanted(tmp_path)
    two.close()
    assert not wanted(tmp_path)
