"""Packages that are not what they were: in the cache, in a channel on this disk, on a server."""

from __future__ import annotations

import io
import json
import random
import shutil
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from conda_package_handling import api  # type: ignore[import-untyped]
from support.packages import SUBDIR, binary_package, build, generic_package, record
from support.server import serve
from support.tally import rounds, tallied

from conda_multiplat.engines.conda.access import Channels, cache_folder
from conda_multiplat.engines.conda.install import install_records
from conda_multiplat.machine.condarc import settings_from_condarc
from conda_multiplat.machine.progress import Progress
from conda_multiplat.vocabulary.errors import OutsideError
from conda_multiplat.vocabulary.records import CondaRecord

pytestmark = pytest.mark.faults
FORMS = [".conda", ".tar.bz2"]


class Machine:
    """A package cache, and a channel of two packages in one of the two formats."""

    def __init__(self, folder: Path, form: str) -> None:
        self.folder = folder
        environ = {"CONDA_PKGS_DIRS": str(folder / "pkgs"), "HOME": str(folder)}
        settings = settings_from_condarc(SUBDIR, environ)
        self.settings = replace(settings, remote_max_retries=0)
        self.cache = cache_folder(self.settings) / "packages"
        self.archives = {}
        for package in (binary_package(), generic_package()):
            archive = build(package, folder / "channel")
            if form != ".conda":
                problem = api.transmute(str(archive), form, out_folder=str(archive.parent))
                assert not problem
                archive = archive.with_name(archive.name.replace(".conda", form))
            self.archives[package.name] = archive

    def records(self, base: str = "") -> list[CondaRecord]:
        """The packages as they are now, of a server or of this disk."""
        return [self._record(name, base) for name in self.archives]

    def _record(self, name: str, base: str) -> CondaRecord:
        archive = self.archives[name]
        package = binary_package() if name == "prefixed" else generic_package()
        entry = record(package, archive.read_bytes())
        url = f"{base}/{archive.parent.name}/{archive.name}" if base else archive.as_uri()
        return CondaRecord(name, "1.0", package.build, url, entry["md5"], entry["sha256"])

    def install(self, records: Sequence[CondaRecord]) -> dict[str, bytes]:
        """The files of a new prefix, which goes again."""
        prefix = self.folder / "prefix"
        shutil.rmtree(prefix, ignore_errors=True)
        install_records(
            records,
            prefix,
            SUBDIR,
            changed=records,
            requested=(),
            settings=self.settings,
            channels=Channels(self.settings, self.folder),
            progress=Progress(),
            begin=prefix.mkdir,
            contents=True,
        )
        return {
            str(path.relative_to(prefix)): path.read_bytes()
            for path in prefix.rglob("*")
            if path.is_file() and "conda-meta" not in path.parts and path.name != "CACHEDIR.TAG"
        }

    def refused(self, records: Sequence[CondaRecord]) -> str:
        """The error's lines of an install before which nothing was changed or kept."""
        with pytest.raises(OutsideError) as caught:
            self.install(records)
        assert not (self.folder / "prefix").exists()
        assert caught.value.exit_code == 3
        return "\n".join([caught.value.message, *caught.value.details])


@pytest.fixture(params=FORMS)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    """A machine with packages of each format."""
    return Machine(tmp_path, request.param)


def _flip(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes()) or bytearray(1)
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def _cut(path: Path, chance: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: chance.randrange(len(data) or 1)])


def _remove(path: Path, _: random.Random) -> None:
    path.unlink()


def _folder(path: Path, _: random.Random) -> None:
    path.unlink()
    path.mkdir()


def _link(path: Path, _: random.Random) -> None:
    path.unlink()
    path.symlink_to(path.with_name("nowhere"))


DAMAGES: list[Callable[[Path, random.Random], None]] = [_flip, _flip, _cut, _remove, _folder, _link]


def test_cache(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Whatever has become of a file in the cache, what is installed is as it was packed."""
    machine = Machine(tmp_path, ".conda")
    records = machine.records()
    right = machine.install(records)
    with tallied(request, "damaged cache, install") as tally:
        for _ in range(rounds(30)):
            files = sorted(path for path in machine.cache.rglob("*") if path.is_file())
            path = tally.random.choice([file for file in files if file.name != ".cache.lock"])
            damage = tally.random.choice(DAMAGES)
            with tally.attempt(f"{damage.__name__} {path.relative_to(machine.cache)}"):
                damage(path, tally.random)
                assert machine.install(records) == right


def test_archives(request: pytest.FixtureRequest, machine: Machine) -> None:
    """No archive that was altered or cut comes into the cache, from this disk or from a server."""
    with tallied(request, "damaged archives, install") as tally, serve(_channel(machine)) as server:
        whole = {path: path.read_bytes() for path in machine.archives.values()}
        for count in range(rounds(8)):
            records = machine.records(server.url if count % 2 else "")
            path = tally.random.choice(list(whole))
            damage = tally.random.choice([_flip, _cut])
            with tally.attempt(f"{damage.__name__} {path.name}"):
                damage(path, tally.random)
                if path.read_bytes() != whole[path]:
                    assert path.name in machine.refused(records)
            path.write_bytes(whole[path])
            shutil.rmtree(machine.cache, ignore_errors=True)


def _channel(machine: Machine) -> Path:
    return machine.folder / "channel"


@pytest.mark.parametrize("by", ["file", "http"])
@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_wrong_hash(machine: Machine, by: str, kind: str) -> None:
    """One wrong hash beside a right one is enough, however the archive comes."""
    with serve(_channel(machine)) as server:
        first, *others = machine.records(server.url if by == "http" else "")
        length = len(getattr(first, kind))
        right = getattr(first, kind)
        text = machine.refused([first._replace(**{kind: "0" * length}), *others])
        assert f"{first.url}: {kind} is {right}, the lock has {'0' * length}" in text
        assert machine.install([first, *others])
        text = machine.refused([first._replace(**{kind: "0" * length}), *others])
        assert f"{kind} is {right}" in text  # what is in the cache was verified by another
        assert machine.install([first, *others])
        if by == "file":
            machine.archives["prefixed"].unlink()  # what is in the cache was verified by both
            assert machine.install([first, *others])


@pytest.fixture
def lists(machine: Machine) -> Callable[[str], None]:
    """Makes the archive of ``greeting-data`` list another path."""

    def change(path: str) -> None:
        archive = machine.archives["greeting-data"]
        form = ".conda" if archive.name.endswith(".conda") else ".tar.bz2"
        packed = archive
        if form == ".conda":
            api.transmute(str(archive), ".tar.bz2", out_folder=str(archive.parent))
            packed = archive.with_name(archive.name.replace(".conda", ".tar.bz2"))
        _rewrite(packed, path)
        if form == ".conda":
            archive.unlink()
            api.transmute(str(packed), ".conda", out_folder=str(archive.parent))

    return change


def _rewrite(archive: Path, path: str) -> None:
    with tarfile.open(archive) as old:
        members = [
            (getmember, file.read() if (file := old.extractfile(getmember)) else b"")
            for getmember in old.getmembers()
        ]
    with tarfile.open(archive, "w:bz2") as new:
        for member, data in members:
            content = data
            if member.name == "info/paths.json":
                document = json.loads(data)
                document["paths"][0]["_path"] = path
                content = json.dumps(document).encode()
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize("path", ["/tmp/evil", "../evil", "share/../../evil", ""])
def test_path_that_leads_out(machine: Machine, lists: Callable[[str], None], path: str) -> None:
    """A package that lists one is refused by its name before rattler links it."""
    lists(path)
    text = machine.refused(machine.records())
    message = (
        f"greeting-data 1.0: info/paths.json lists {path!r}, which leads out of the environment"
    )
    assert message in text
    assert not list(machine.cache.glob("greeting-data*/info"))


@pytest.mark.parametrize("path", ["conda-meta/history", "conda-meta/prefixed-1.0-h0_0.json"])
def test_path_in_conda_meta(machine: Machine, lists: Callable[[str], None], path: str) -> None:
    """A package brings no record and no history."""
    lists(path)
    text = machine.refused(machine.records())
    assert f"greeting-data 1.0: info/paths.json lists {path!r}, which is in conda's own" in text


@pytest.mark.parametrize("change", [{"name": "other"}, {"version": "2.0"}, {"build": "7"}])
def test_archive_of_another_package(machine: Machine, change: dict[str, str]) -> None:
    """Its hashes are what is locked; what it says that it is, is not."""
    first, *others = machine.records()
    text = machine.refused([first._replace(**change), *others])
    assert text.startswith("packages differ from the lock\n")
    assert "info/index.json is for another package: prefixed 1.0 h0_0: " in text


def test_path_that_leads_out_of_the_cache(machine: Machine) -> None:
    """One that the cache has got is extracted anew."""
    records = machine.records()
    right = machine.install(records)
    for document in machine.cache.glob("*/info/paths.json"):
        text = document.read_text(encoding="utf-8").replace('"share/', '"/tmp/share/')
        document.write_text(text.replace('"etc/', '"../etc/'), encoding="utf-8")
    for note in machine.cache.glob("*.info"):
        note.unlink()  # as of a package that rattler has extracted by itself
    assert machine.install(records) == right
