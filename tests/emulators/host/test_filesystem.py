"""The disk in memory: what POSIX promises of paths, modes and a full disk."""

from __future__ import annotations

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.host.filesystem import FileSink, Filesystem

SIZE = 1_000_000


def disk() -> Filesystem:
    files = Filesystem(lambda: 1000.0, SIZE)
    files.mkdir("/root/d", parents=True)
    files.chmod("/root", 0o700)
    files.mkdir("/tmp")
    files.chmod("/tmp", 0o1777)
    return files


def refused(code: int) -> pytest.RaisesExc[OSError]:
    return pytest.raises(OSError, check=lambda problem: problem.errno == code)


def test_what_is_written_is_read() -> None:
    files = disk()
    files.write("/root/a", b"one")
    files.append("/root/a", b" two")
    assert files.read("/root/../root/./d/../a") == b"one two"
    assert files.lookup("/root/a").mtime == 1000.0


def test_what_is_not_there_is_not_found() -> None:
    files = disk()
    with pytest.raises(FileNotFoundError):
        files.read("/root/nothing")
    with pytest.raises(FileNotFoundError):
        files.write("/nowhere/x", b"")
    with pytest.raises(NotADirectoryError):
        files.write("/root/a", b"")
        files.read("/root/a/b")
    with pytest.raises(IsADirectoryError):
        files.read("/root/d")


@given(st.lists(st.sampled_from(["..", ".", "root", "d", "a"]), max_size=8))
def test_no_path_leads_out_of_the_root(parts: list[str]) -> None:
    files = disk()
    try:
        real = files.real_path("/" + "/".join([*parts, "..", "..", "..", "..", ".."]))
    except OSError:
        return
    assert real == "/" or ".." not in real.split("/")


def test_links_are_followed_and_loops_are_refused() -> None:
    files = disk()
    files.write("/root/d/f", b"x")
    files.symlink("d", "/root/link")
    files.symlink("/root/link/f", "/tmp/absolute")
    assert files.read("/tmp/absolute") == b"x"
    files.symlink("b", "/tmp/a")
    files.symlink("a", "/tmp/b")
    with refused(errno.ELOOP):
        files.read("/tmp/a")
    files.remove("/root/link")
    assert files.read("/root/d/f") == b"x"


def test_a_full_disk_takes_what_fits() -> None:
    files = disk()
    files.capacity = files.used + 10
    with refused(errno.ENOSPC):
        files.write("/root/a", bytes(11))
    assert len(files.read("/root/a")) == 10
    files.remove("/root/a")
    files.write("/root/b", bytes(10))


def test_a_disk_that_becomes_full_takes_no_more() -> None:
    files = disk()
    files.write("/root/a", b"x")
    files.capacity = files.used
    with refused(errno.ENOSPC):
        files.append("/root/a", b"y")


def test_an_open_file_is_written_though_it_was_renamed_or_removed() -> None:
    files = disk()
    sink = FileSink(files, files.open("/root/log"))
    sink.write(b"a")
    files.rename("/root/log", "/root/old")
    sink.write(b"b")
    assert files.read("/root/old") == b"ab"
    files.remove("/root/old")
    sink.write(b"c")
    assert not files.exists("/root/old")


def test_modes_bind_everybody_but_root() -> None:
    files = disk()
    files.write("/root/secret", b"s")
    files.write("/tmp/mine", b"m", "admin", mode=0o600)
    with refused(errno.EACCES):
        files.read("/root/secret", "admin")
    with refused(errno.EACCES):
        files.read("/tmp/mine", "guest")
    with refused(errno.EACCES):
        files.write("/x", b"", "admin")
    with refused(errno.EPERM):
        files.chmod("/tmp/mine", 0o666, "guest")
    assert files.read("/tmp/mine", "admin") == files.read("/tmp/mine") == b"m"


def test_renaming_replaces_a_file_and_not_a_full_directory() -> None:
    files = disk()
    files.write("/root/a", b"new")
    files.write("/root/b", b"old")
    files.rename("/root/a", "/root/b")
    assert files.read("/root/b") == b"new"
    assert files.listdir("/root") == ["b", "d"]
    files.write("/root/d/x", b"")
    files.mkdir("/tmp/e")
    with refused(errno.ENOTEMPTY):
        files.rename("/tmp/e", "/root/d")
    with refused(errno.EINVAL):
        files.rename("/root/d", "/root/d/inside")


def test_a_directory_goes_only_when_empty() -> None:
    files = disk()
    files.write("/root/d/x", b"")
    with refused(errno.ENOTEMPTY):
        files.rmdir("/root/d")
    files.remove_tree("/root/d")
    assert not files.exists("/root/d")
    with refused(errno.EBUSY):
        files.rename("/", "/y")


def test_devices_and_computed_files() -> None:
    files = disk()
    taken = bytearray()
    files.install("/dev/null", sink=taken.extend, content=lambda: b"")
    files.install("/proc/count", content=lambda: str(len(taken)).encode())
    files.write("/dev/null", b"12345")
    assert files.read("/proc/count") == b"5"
    with refused(errno.EACCES):
        files.append("/proc/count", b"x")


def test_an_entry_that_is_not_present_is_nowhere() -> None:
    files = disk()
    here = [False]
    files.install("/dev/ipmi0", content=lambda: b"", present=lambda: here[0])
    assert not files.exists("/dev/ipmi0")
    assert files.listdir("/dev") == []
    here[0] = True
    assert files.listdir("/dev") == ["ipmi0"]
