"""Random ``pixi.lock`` files of both versions are read as py-rattler's LockFile reads them."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from rattler import LockFile
from rattler.lock.package import CondaLockedBinaryPackage, PypiLockedPackage

from conda_multiplat.lockfile.read_pixi_lock import read_pixi_lock
from conda_multiplat.vocabulary.errors import LockFileError

FORGE = "https://conda.example.com/forge"
INDEX = "https://pypi.example.com"
PLATFORMS = ("linux-64", "osx-arm64", "gpu")


def _digest(text: str, kind: str) -> str:
    return hashlib.new(kind, text.encode()).hexdigest()


def _conda(chance: random.Random, name: str, subdir: str) -> dict[str, Any]:
    version = chance.choice(["1.0", "1!2.3", "2024a", "0.9.7.post1"])
    build = chance.choice(["0", "h1a2b3c4_0", "py312h64a7726_1", "pyhd8ed1ab_0"])
    where = chance.choice([subdir, "noarch"])
    ending = chance.choice([".conda", ".tar.bz2"])
    url = f"{FORGE}/{where}/{name}-{version}-{build}{ending}"
    more = {
        "depends": ["python >=3.10", "a 1.* *_cp312"],
        "constrains": ["__glibc >=2.17"],
        "license": "MIT",
        "size": 17,
    }
    return {
        "conda": url,
        "sha256": _digest(url, "sha256"),
        "md5": _digest(url, "md5"),
        **{key: value for key, value in more.items() if chance.random() < 0.5},
    }


def _pypi(chance: random.Random, name: str) -> dict[str, Any]:
    version = chance.choice(["1.0", "2.0.post1", "1!3"])
    url = chance.choice(
        [
            f"{INDEX}/files/{name}-{version}-py3-none-any.whl",
            f"{INDEX}/files/{name}-{version}.tar.gz",
            f"./wheels/{name}-{version}-py3-none-any.whl",
        ]
    )
    entry = {"pypi": url, "name": name, "version": version, "sha256": _digest(url, "sha256")}
    if chance.random() < 0.5:
        entry["requires_dist"] = ["other>=1", "extra-only ; extra == 'more'"]
    return entry


def random_lock(seed: int, version: int) -> dict[str, Any]:
    """Return a lock of some environments and platforms that share packages."""
    chance = random.Random(seed)
    platforms = PLATFORMS if version == 7 else PLATFORMS[:2]
    subdirs = {"gpu": "linux-64"}
    conda = {p: [_conda(chance, f"{n}-{p}", subdirs.get(p, p)) for n in "abc"] for p in platforms}
    pypi = [_pypi(chance, f"p{n}") for n in "abc"]
    environments = {}
    for name in ("default", "dev"):
        packages = {
            p: [
                *({"conda": package["conda"]} for package in chance.sample(conda[p], 2)),
                *(
                    {"pypi": package["pypi"]}
                    for package in chance.sample(pypi, chance.randint(0, 3))
                ),
            ]
            for p in platforms
        }
        environments[name] = {
            "channels": [{"url": f"{FORGE}/"}],
            "indexes": [f"{INDEX}/simple"],
            "packages": packages,
        }
    named = [{"name": p, **({"subdir": subdirs[p]} if p in subdirs else {})} for p in platforms]
    return {
        "version": version,
        **({"platforms": named} if version == 7 else {}),
        "environments": environments,
        "packages": [*(package for some in conda.values() for package in some), *pypi],
    }


def rattlers(path: Path) -> dict[tuple[str, str], set[tuple[object, ...]]]:
    """Return what py-rattler reads: target -> manager, name, version, place and SHA-256."""
    return {
        (name, platform.name): {_said(package) for package in packages}
        for name, environment in LockFile.from_path(path).environments()
        for platform, packages in environment.packages_by_platform().items()
    }


def _said(package: object) -> tuple[object, ...]:
    assert isinstance(package, CondaLockedBinaryPackage | PypiLockedPackage)
    manager = "conda" if isinstance(package, CondaLockedBinaryPackage) else "pypi"
    hashes = package.hashes
    sha256 = hashes.sha256.hex() if hashes and hashes.sha256 else None
    return manager, package.name, str(package.version), package.location, sha256


@pytest.mark.parametrize("version", [6, 7])
@pytest.mark.parametrize("seed", range(10))
def test_as_rattler_reads_it(tmp_path: Path, seed: int, version: int) -> None:
    """Each target has the packages that py-rattler finds there, with their hashes."""
    path = tmp_path / "pixi.lock"
    path.write_text(yaml.safe_dump(random_lock(seed, version), sort_keys=False), encoding="utf-8")
    expected = rattlers(path)
    read = read_pixi_lock(path.read_text(encoding="utf-8"), "pixi.lock")
    ours = {
        key: {
            (package.manager, package.name, package.version, package.url, package.sha256)
            for package in target.locked("linux-64").every
        }
        for key, target in read.items()
    }
    assert ours == expected
    assert {key[1] for key in ours} == set(PLATFORMS if version == 7 else PLATFORMS[:2])


DIALECT = """\
version: 6
environments:
  default:
    channels:
    - url: https://ada:secret@conda.example.com/forge/
    packages:
      linux-64:
      - conda: https://conda.example.com/forge/linux-64/python-3.12.5-0_c.conda
      - conda: .
      - conda: ./built/noarch/own-1.0-0.conda
      - pypi: ./
      - pypi: git+https://git.example.com/robot?subdirectory=py&rev=v1#0123456789abcdef
      - pypi: https://ada:secret@pypi.example.com/files/a-1.0-py3-none-any.whl#sha256=00
packages:
- conda: https://conda.example.com/forge/linux-64/python-3.12.5-0_c.conda
  md5: 11111111111111111111111111111111
- conda: .
  name: mine
- conda: ./built/noarch/own-1.0-0.conda
- pypi: ./
  name: Own_Project
  version: 1.0
  editable: true
  requires_dist:
  - a[fast] ; python_version >= '3.10'
  - old ; python_version < '3'
  - other-folder @ ./other
- pypi: git+https://git.example.com/robot?subdirectory=py&rev=v1#0123456789abcdef
  name: robot
  version: 1e3
- pypi: https://ada:secret@pypi.example.com/files/a-1.0-py3-none-any.whl#sha256=00
  name: a
  version: '1.0'
  sha256: 0000000000000000000000000000000000000000000000000000000000000012
  requires_dist:
  - b ; extra == 'fast'
  - c ; extra == 'slow'
"""


def test_forms() -> None:
    """Folders, repositories, logins, extras and markers become those of a ``conda-lock.yml``."""
    (target,) = read_pixi_lock(DIALECT, "pixi.lock").values()
    assert target.channels == ("https://conda.example.com/forge/",)
    locked = target.locked("linux-64")
    assert [(package.name, package.url, package.version) for package in locked.every] == [
        ("python", "https://conda.example.com/forge/linux-64/python-3.12.5-0_c.conda", "3.12.5"),
        ("a", "https://pypi.example.com/files/a-1.0-py3-none-any.whl", "1.0"),
        ("own-project", ".#editable", "1.0"),
        (
            "robot",
            "git+https://git.example.com/robot@0123456789abcdef#subdirectory=py",
            "1e3",
        ),
    ]
    assert {package.name: package.depends for package in locked.pypi} == {
        "a": ("b",),
        "own-project": ("a", "other-folder"),
        "robot": (),
    }
    assert target.lost == (
        ".: pixi builds it from its source",
        "./built/noarch/own-1.0-0.conda: a conda package in a folder",
    )
    asked = target.locked("linux-64", ["a[slow]"])
    assert asked.pypi[0].depends == ("b", "c")


WAY = "run `pixi lock`, or move the file away to lock without its versions"
ASIDE = f"      {WAY}"
ONE = "https://conda.example.com/linux-64/a-1.0-0.conda"
FILE = "https://pypi.example.com/b-1.0-py3-none-any.whl"
OTHER = "https://pypi.example.com/B-1.1-py3-none-any.whl"
SMALL = f"""\
version: 6
environments:
  default:
    channels:
    - url: https://conda.example.com/
    packages:
      linux-64:
      - conda: {ONE}
      - pypi: {FILE}
packages:
- conda: {ONE}
  depends:
  - b >=1
- pypi: {FILE}
  name: b
  version: '1.0'
"""


def _broken(text: str) -> str:
    with pytest.raises(LockFileError) as caught:
        read_pixi_lock(text, "pixi.lock")
    assert caught.value.exit_code == 2
    return "\n".join(caught.value.lines()[1:])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "packages: []\nversion: 5\n",
            "  pixi.lock:2:10: pixi.lock version 5; this conda-multiplat reads 6 and 7\n"
            "      run `pixi lock`: pixi writes its newest version; or move the file away",
        ),
        ("a: b\nb: [\n", f"  pixi.lock:3: not YAML: did not find expected node content\n{ASIDE}"),
        ("", f"  pixi.lock: not a pixi.lock\n{ASIDE}"),
        (
            SMALL.partition("- pypi: https://pypi.example.com/b-1.0-py3-none-any.whl\n  n")[0],
            f"  pixi.lock: no `pypi: {FILE}` under `packages`: "
            f"the file is truncated or was edited\n{ASIDE}",
        ),
        (
            f"{SMALL}<<<<<<< HEAD\n=======\n>>>>>>> other\n",
            "  pixi.lock:17: conflict marker '<<<<<<<'\n"
            "      merge the manifest, then run `pixi lock`",
        ),
        (f"{SMALL}packages: []\n", f"  pixi.lock:17: 'packages' appears twice\n{ASIDE}"),
    ],
    ids=["old", "broken", "empty", "cut", "conflict", "key twice"],
)
def test_broken(text: str, message: str) -> None:
    """A broken file is reported with the place and what to do."""
    assert _broken(text) == message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "    - url: https://conda.example.com/",
            "    - x",
            "5:7: an entry of channels is text, not a mapping",
        ),
        ("url: https://conda.example.com/", "name: x", "5:7: url is missing; it must be text"),
        ("  default:\n", "  other:\n  default:\n", "3:9: other is missing; it must be a mapping"),
        ("      linux-64:\n", "      - linux-64\n", "7:7: packages is a list, not a mapping"),
        (
            "      linux-64:\n",
            "      win-64: x\n      linux-64:\n",
            "7:15: win-64 is text, not a list",
        ),
        (
            f"      - conda: {ONE}",
            "      - text",
            "8:9: an entry of linux-64 is text, not a mapping",
        ),
        (
            f"      - conda: {ONE}",
            "      - cargo: x",
            "8:9: an entry of packages is none of conda, conda_source, pypi",
        ),
        (f"- conda: {ONE}\n  d", f"- conda: [{ONE}]\n  d", "11:10: conda is a list, not text"),
        ("  - b >=1", "  - [b]", "13:5: an entry of depends is a list, not text"),
        ("  depends:\n  - b >=1", "  depends: b", "12:12: depends is text, not a list"),
        ("  name: b\n", "", "14:3: name is missing; it must be text"),
        ("'1.0'", "{}", "16:12: version is a mapping, not text"),
        (
            "  version: '1.0'\n",
            f"  version: '1.0'\n- conda: {ONE}\n  md5: x\n",
            f"17:10: {ONE} appears twice, and differs",
        ),
        (
            f"      - pypi: {FILE}",
            f"      - pypi: {FILE}\n      - conda: {ONE.replace('.conda', '.tar.bz2')}",
            "10:16: conda package a is locked more than once for default/linux-64",
        ),
        (
            f"      - pypi: {FILE}",
            f"      - pypi: {FILE}\n      - conda: {ONE.replace('a-1.0', 'A-2.0')}",
            "10:16: conda package a is locked more than once for default/linux-64",
        ),
        (
            f"      - pypi: {FILE}\npackages:\n",
            f"      - pypi: {FILE}\n      - pypi: {OTHER}\npackages:\n"
            f"- pypi: {OTHER}\n  name: B\n  version: '1.1'\n",
            "10:15: PyPI package b is locked more than once for default/linux-64",
        ),
    ],
)
def test_wrong_shape(old: str, new: str, message: str) -> None:
    """What a lock can't have is named with its place, and no lock is made of it."""
    assert SMALL.count(old) == 1
    text = SMALL.replace(old, new)
    assert _broken(text) == f"  pixi.lock:{message}\n  {WAY}"


def test_what_may_be_there_twice() -> None:
    """One file that is named twice is one; variants that pixi builds have one place."""
    named = f"      - pypi: {FILE}\n"
    built = "- conda: ./here\n  name: x\n- conda: ./here\n  name: y\n"
    text = SMALL.replace(named, f"{named * 2}      - conda: ./here\n") + built
    found = read_pixi_lock(text, "pixi.lock")["default", "linux-64"]
    assert [entry["pypi"] for entry in found.pypi] == [FILE]
    assert found.lost == ("./here: pixi builds it from its source",)
