"""``pixi.lock`` from random locks: py-rattler's LockFile finds the same packages in it."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest
from rattler import LockFile as RattlerLock
from rattler.lock.package import CondaLockedBinaryPackage, PypiLockedPackage

from conda_multiplat.export.pixi_lock import render
from conda_multiplat.lockfile.model import LockChannel, LockFile, PlatformLock
from conda_multiplat.lockfile.read_pixi_lock import read_pixi_lock
from conda_multiplat.vocabulary.names import VirtualPackage
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord

FORGE = "https://conda.example.com/forge"
INDEX = "https://pypi.example.com"
PLATFORMS = ("linux-64", "osx-arm64", "win-64")
GLIBC = VirtualPackage("__glibc", "2.28")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def _digest(text: str, kind: str) -> str:
    return hashlib.new(kind, text.encode()).hexdigest()


def _conda(chance: random.Random, name: str, subdir: str) -> CondaRecord:
    version = chance.choice(["1.0", "1!2.3", "2024a", "1e3", "0.10"])
    build = chance.choice(["0", "h1a2b3c4_0", "123", "1_cp312"])
    where = chance.choice([subdir, "noarch"])
    url = f"{FORGE}/{where}/{name}-{version}-{build}{chance.choice(['.conda', '.tar.bz2'])}"
    needs = ("python >=3.10,<4", "a 1.* *_cp312", "__glibc >=2.17", "yes", "b ==1.0|2.*")
    return CondaRecord(
        name,
        version,
        build,
        url,
        _digest(url, "md5"),
        _digest(url, "sha256"),
        depends=tuple(chance.sample(needs, chance.randint(0, 3))),
    )


def _pypi(chance: random.Random, name: str) -> PypiRecord:
    version = chance.choice(["1.0", "2.0.post1", "2024"])
    url = chance.choice(
        [
            f"{INDEX}/files/{name}-{version}-py3-none-any.whl",
            f"{INDEX}/files/{name}-{version}.tar.gz",
            f"./wheels/{name}-{version}-py3-none-any.whl",
            f"git+https://git.example.com/{name}@{COMMIT}",
            f"git+https://git.example.com/{name}@{COMMIT}#subdirectory=py",
            f"./{name}#editable",
            f"../{name}",
        ]
    )
    sha256 = None if url.startswith("git+") else _digest(url, "sha256")
    depends = tuple(chance.sample(["a", "on", "numpy"], chance.randint(0, 2)))
    return PypiRecord(name, version, url, sha256, depends)


def random_locks(seed: int) -> list[LockFile]:
    """Locks of some environments that share packages."""
    chance = random.Random(seed)
    conda = {
        subdir: [_conda(chance, f"c{n}-{subdir}", subdir) for n in range(4)] for subdir in PLATFORMS
    }
    pypi = [_pypi(chance, f"p{n}") for n in range(4)]
    locks = []
    for environment in ("default", "dev", "py3.11"):
        platforms = {
            subdir: PlatformLock.of(
                "0" * 64,
                chance.sample(conda[subdir], chance.randint(0, 4)),
                [GLIBC],
                ["python"],
                chance.sample(pypi, chance.randint(0, 4)),
            )
            for subdir in chance.sample(PLATFORMS, chance.randint(1, 3))
        }
        channels = (LockChannel("forge"), LockChannel(FORGE))
        locks.append(LockFile(environment, ("environment.yml",), channels, platforms))
    return locks


def _said(package: object) -> tuple[object, ...]:
    assert isinstance(package, CondaLockedBinaryPackage | PypiLockedPackage)
    hashes = package._package.hashes  # `package.hashes` fails where there are none
    sha256 = hashes.sha256.hex() if hashes and hashes.sha256 else None
    if isinstance(package, CondaLockedBinaryPackage):
        record = package.package_record
        assert record is not None
        build = str(record.build)
        return ("conda", package.name, str(package.version), build, tuple(record.depends), sha256)
    return ("pypi", package.name, sha256, tuple(package.requires_dist))


def _wanted(record: CondaRecord | PypiRecord) -> tuple[object, ...]:
    if isinstance(record, CondaRecord):
        return (
            *("conda", record.name, record.version, record.build),
            *(record.depends, record.sha256),
        )
    sha256 = None if record.is_folder else record.sha256
    return ("pypi", record.name, sha256, record.depends)


@pytest.mark.parametrize("seed", range(20))
def test_rattler_reads_it(tmp_path: Path, seed: int) -> None:
    """Each target's packages, with builds, needs and hashes; and we read back what we wrote."""
    locks = random_locks(seed)
    path = tmp_path / "pixi.lock"
    path.write_text(
        render(locks, ["conda-lock.yml"], {"default": [f"{INDEX}/simple"]}), encoding="utf-8"
    )
    environments = dict(RattlerLock.from_path(path).environments())
    assert set(environments) == {lock.environment for lock in locks}
    ours = read_pixi_lock(path.read_text(encoding="utf-8"), "pixi.lock")
    for lock in locks:
        read = {
            platform.name: packages
            for platform, packages in environments[lock.environment].packages_by_platform().items()
        }
        platforms = {
            subdir: platform for subdir, platform in lock.platforms.items() if platform.every
        }
        assert set(read) == set(platforms)
        for subdir, locked in platforms.items():
            assert {_said(package) for package in read[subdir]} == {
                _wanted(r) for r in locked.every
            }
            back = ours[lock.environment, subdir].locked(subdir)
            assert [(package.name, package.url) for package in back.every] == [
                (package.name, package.url) for package in locked.every
            ]


@pytest.mark.parametrize(
    ("bound", "written"),
    [
        ("", ""),
        ("*", ""),
        (">=1.2,<2", ">=1.2,<2"),
        (">=1.2 <2", ">=1.2,<2"),
        ("!=1.5", "!=1.5"),
        ("~=1.4", "~=1.4"),
        ("1.5", "==1.5"),
        ("1.*", "==1.*"),
        ("^1.2", ">=1.2,<2"),
        ("~1.2", ">=1.2,<1.3"),
        (">=2.0.2,<3.0.5 || >3.0.5", ""),
        ("==1.0 || ==2.0", ""),
        ("rubbish", ""),
        (">=1;", ""),
    ],
)
def test_bounds_of_conda_lock(tmp_path: Path, bound: str, written: str) -> None:
    """Poetry's bounds, which conda-lock writes, become PEP 440's; rattler reads no others."""
    url = f"{INDEX}/files/robo-1.0-py3-none-any.whl"
    record = PypiRecord("robo", "1.0", url, "a" * 64, ("leg",), bounds=(("leg", bound),))
    lock = LockFile("default", ("e.yml",), (), {"linux-64": PlatformLock("x", (), (record,))})
    path = tmp_path / "pixi.lock"
    path.write_text(render([lock], ["conda-lock.yml"], {}), encoding="utf-8")
    (environment,) = dict(RattlerLock.from_path(path).environments()).values()
    ((package,),) = environment.packages_by_platform().values()
    assert isinstance(package, PypiLockedPackage)
    assert [text.replace(" ", "") for text in package.requires_dist] == [f"leg{written}"]


def test_channels(tmp_path: Path) -> None:
    """A name's URL is where its packages are; indexes stand where the manifest names them."""
    records = [_conda(random.Random(0), "a", "linux-64")]
    locked = {"linux-64": PlatformLock.of("0" * 64, records, [GLIBC], ["a"])}
    channels = (LockChannel("other"), LockChannel("forge"), LockChannel("file:///srv/more"))
    lock = LockFile("default", ("environment.yml",), channels, locked)
    path = tmp_path / "pixi.lock"
    path.write_text(render([lock], ["conda-lock.yml"], {}), encoding="utf-8")
    environment = RattlerLock.from_path(path).default_environment()
    assert environment is not None
    assert [str(channel) for channel in environment.channels()] == [
        f"{FORGE}/",
        "file:///srv/more/",
    ]


def test_nothing_locked(tmp_path: Path) -> None:
    """An empty lock is one that rattler reads."""
    path = tmp_path / "pixi.lock"
    lock = LockFile("default", ("environment.yml",), (), {})
    for locks in ([], [lock]):
        path.write_text(render(locks, ["conda-lock.yml"], {}), encoding="utf-8")
        RattlerLock.from_path(path)
