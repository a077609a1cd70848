"""The benchmark of virtual time: what it measures, what it says of it, and where that is written."""

from __future__ import annotations

from pathlib import Path

from benchmarks import results
from benchmarks.bench_virtual import Cells, Rate, aims, measured, page

RATE = Rate("x11ssh-f", 20.0, 7.0, "BMC_3.90.hpm: 12288 bytes, 342 blocks of 36 bytes")


def test_the_image_is_named_with_its_blocks(tmp_path: Path) -> None:
    rate = measured("x11ssh-f", tmp_path, 0.01)
    assert rate.a_second > 0
    assert rate.image.endswith(".hpm: 12288 bytes, 342 blocks of 36 bytes")


def test_a_missed_aim_is_said_on_the_page() -> None:
    rows = [Cells("every fault", 600, 9.0, 0), Cells("pairs", 1200, 301.0, 0)]
    assert [aim.met for aim in aims([RATE], rows, 2)] == [False, True, False]
    text = page([RATE], rows, 2)
    assert text.count("MISSED") == 2
    assert RATE.image in text
    assert "| pairs | 1200 | 301.0 | 250.8 | 0 |" in text


def test_what_was_not_measured_has_no_aim() -> None:
    assert len(aims([RATE], [Cells("every 4th single", 150, 2.0, 0)], 2)) == 1


def test_a_section_of_the_results_is_rewritten_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    results.put("bmc", "one\n", path)
    results.put("virtual", "two\n", path)
    results.put("bmc", "three \\1\n", path)
    text = path.read_text()
    assert text.startswith("# Results\n")
    assert "one" not in text
    assert text.index("three \\1") < text.index("two")
