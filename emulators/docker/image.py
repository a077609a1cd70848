"""The image of a virtual server: our own packages and their libraries over a base that has Python.

It is named by what is in it, so that no server ever runs older code than who starts it.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from emulators.docker.engine import Client, DockerError, told

NAME, BASE_NAME = "fwsim-server", "fwsim-base"
DEFAULT_BASE = "python:3.12-slim"
SUITE = "bookworm"
PACKAGES = ("python3-minimal", "libpython3-stdlib", "iproute2", "udhcpc", "dnsmasq-base")
NEEDLESS = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/info",
    "var/cache/apt",
    "var/lib/apt/lists",
)
LABEL = "fwsim.image"
NO_CLIENT = ("rich", "typer")  # what the command line alone needs stays out
Say = Callable[[str], None]


class NoImage(DockerError):
    """The image that this fwsim needs is not there, or cannot be made."""


def tag() -> str:
    """The image's name: it holds exactly what runs here."""
    digest = hashlib.sha256()
    for name, data in sorted(_own()):
        digest.update(f"{name}\0{len(data)}\0".encode() + data)
    for name in sorted(_libraries()):
        digest.update(f"{name}=={importlib.metadata.version(name)}\n".encode())
    digest.update(_dockerfile().read_bytes())
    return f"{NAME}:{digest.hexdigest()[:12]}"


def find(client: Client, given: str | None = None) -> str:
    """The name of the image for this fwsim, or the one that is given, if it is there. Raises NoImage."""
    import docker.errors

    wanted = given or tag()
    with told("look for images"):
        try:
            client.images.get(wanted)
        except docker.errors.ImageNotFound:
            if given:
                raise NoImage(f"there is no image {given} here; `docker image ls` lists those that there are") from None
            others = client.images.list(NAME)
            what = "is of another fwsim" if others else "has not been built"
            raise NoImage(
                f"the image of virtual servers {what}; build it: `fwsim emulator image build` "
                "(with --debootstrap where no registry can be reached)"
            ) from None
    return wanted


def build(client: Client, base: str, say: Say) -> str:
    """Build it over that base, and forget older ones. Raises DockerError."""
    wanted = tag()
    say(f"reading what {base} has")
    version = _python_of(client, base)
    say(f"building {wanted} over {base} (Python {version})")
    with tempfile.TemporaryDirectory(prefix="fwsim-image-") as folder:
        context = _context(Path(folder), version)
        with told(f"build the image over {base}"):
            client.images.build(
                fileobj=context, custom_context=True, tag=wanted, buildargs={"BASE": base}, rm=True, forcerm=True,
                labels={LABEL: wanted},
            )  # fmt: skip
    for old in client.images.list(NAME):
        if wanted not in old.tags:
            _forget(client, old.id)
    return wanted


def debootstrap(client: Client, say: Say) -> str:
    """A base made from the distribution's packages. Raises NoImage."""
    recipe = hashlib.sha256(" ".join((SUITE, *PACKAGES)).encode()).hexdigest()[:12]
    wanted = f"{BASE_NAME}:{SUITE}-{recipe}"
    if any(wanted in image.tags for image in client.images.list(BASE_NAME)):
        return wanted
    program = shutil.which("debootstrap") or shutil.which("debootstrap", path="/usr/sbin:/sbin")
    if program is None:
        raise NoImage("debootstrap is not installed: `apt install debootstrap`, or name a base with --base")
    say(f"making {wanted} with debootstrap: about a minute")
    with tempfile.TemporaryDirectory(prefix="fwsim-base-") as folder:
        root = Path(folder) / "root"
        command = (program, "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(root))
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            last = done.stdout.strip().splitlines()[-1:] or ["it said nothing"]
            raise NoImage(f"debootstrap made no base (it needs root, and Debian's packages): {last[0]}")
        for name in NEEDLESS:
            shutil.rmtree(root / name, ignore_errors=True)
        archive = Path(folder) / "base.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(root, arcname=".")
        with told("import the base"):
            client.api.import_image_from_file(str(archive), *wanted.split(":"))
    return wanted


def _python_of(client: Client, base: str) -> str:
    """The base's Python, as in 3.11. Raises NoImage."""
    import docker.errors

    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        said = client.containers.run(base, ["-c", script], entrypoint="python3", remove=True, network_mode="none")
    except docker.errors.ImageNotFound as error:
        raise NoImage(f"there is no image {base} here and none can be had; --debootstrap makes a base") from error
    except docker.errors.DockerException as error:
        raise NoImage(f"{base} has no python3 that runs: {error}") from error
    version: str = said.decode().strip()
    if tuple(map(int, version.split("."))) < (3, 11):
        raise NoImage(f"{base} has Python {version}; expected 3.11 or newer")
    return version


def _context(folder: Path, version: str) -> io.BytesIO:
    """Everything that the build reads, as one archive."""
    library = folder / "fwsim"
    for name, data in _own():
        path = library / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o755 if path.suffix == "" else 0o644)
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        _copy_libraries(library)
    else:
        _fetch_libraries(library, version)
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        tar.add(_dockerfile(), arcname="Dockerfile")
        tar.add(library, arcname="fwsim", filter=_as_root)
    context.seek(0)
    return context


def _as_root(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    return info


def _dockerfile() -> Path:
    return Path(__file__).parent / "Dockerfile"


def _own() -> Iterator[tuple[str, bytes]]:
    """The files of the virtual servers."""
    root = Path(__file__).resolve().parents[1]
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in (".pyc", ".md"):
            yield f"{root.name}/{path.relative_to(root).as_posix()}", path.read_bytes()


def _libraries() -> set[str]:
    """What fwsim needs, and what that needs: names of distributions. Optional parts are none of it."""
    wanted, found = ["fwsim"], set[str]()
    while wanted:
        for line in importlib.metadata.requires(wanted.pop()) or ():
            requirement, _, marker = line.partition(";")
            match = re.match(r"[A-Za-z0-9._-]+", requirement)
            assert match is not None
            name = re.sub(r"[-_.]+", "-", match[0]).lower()
            if name not in (*found, *NO_CLIENT) and "extra" not in marker and _installed(name):
                found.add(name)
                wanted.append(name)
    return found


def _installed(name: str) -> bool:
    """A requirement of another Python or system is not."""
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _copy_libraries(library: Path) -> None:
    """The same Python has the same libraries: they are taken as they are installed here."""
    for name in _libraries():
        for file in importlib.metadata.files(name) or ():
            if ".." in file.parts or file.suffix == ".pyc":
                continue  # programs beside the libraries, and what Python compiles by itself
            target = library / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(file.locate()), target)


def _fetch_libraries(library: Path, version: str) -> None:
    """Another Python needs wheels of its own. Raises NoImage."""
    pinned = [f"{name}=={importlib.metadata.version(name)}" for name in sorted(_libraries())]
    command = [
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile",
        "--only-binary=:all:", "--python-version", version, "--target", str(library), *pinned,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise NoImage(f"pip has no wheels of our libraries for Python {version}: {last[0]}")


def _forget(client: Client, image: str) -> None:
    """An image that a container still uses stays."""
    import docker.errors

    try:
        client.images.remove(image, force=True)
    except docker.errors.APIError:
        pass
