"""``conda env create --format multiplat``: what is locked for this machine, through conda."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.condas import needs, version
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, build_channel
from support.pypi_index import Index
from support.server import Rules, serve


@pytest.fixture
def naming(conda: Host) -> Host:
    """A conda in which a specifier can be named and claims nothing by itself."""
    needs(conda, 25, 11, "specifiers that only a name chooses")
    return conda


def _create(conda: Host, file: str | Path, *more: str, cwd: Path, code: int = 0) -> str:
    """``conda env create`` with our format; what it says on both streams."""
    option = "--format" if version(conda) >= (26, 5) else "--environment-specifier"
    words = ("env", "create", "--yes", option, "multiplat", "-f", file, *more)
    done = conda.run(*words, cwd=cwd, code=code)
    return done.stdout + done.stderr


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    """A channel of a tool, and what it needs on machines with CUDA and on others."""
    packages = [
        Package("tool", noarch="generic", depends=["library"]),
        Package("library", noarch="generic"),
        Package("fast", noarch="generic", depends=["__cuda >=12"]),
        Package("other", noarch="generic"),
    ]
    return build_channel(tmp_path / "own", packages)


@pytest.fixture
def locked(naming: Host, project: Path, channel: Path) -> Path:
    """A project with selectors, variables and an environment for CUDA that is preferred."""
    extra = (
        "variables: {DEPTH: '3'}\n"
        "multiplat:\n"
        "  environments:\n"
        "    gpu:\n"
        "      dependencies: [fast]\n"
        f"      virtual-packages: {{{SUBDIR}: {{cuda: '12.4'}}}}\n"
        "  prefer: [gpu, default]\n"
    )
    specs = ("tool", "nowhere  # [win]")
    write(project, channel, *specs, platforms=f"[{SUBDIR}]", extra=extra)
    naming.multiplat("lock", cwd=project)
    return project


def _names(conda: Host, name: str = "demo") -> set[str]:
    paths = (conda.envs / name / "conda-meta").glob("*.json")
    return {path.name.rsplit("-", 2)[0] for path in paths}


def test_manifest(naming: Host, locked: Path) -> None:
    """The first environment that fits this machine, complete, and one of ours from then on."""
    assert "skipped gpu" in _create(naming, "environment.yml", cwd=locked)
    assert _names(naming) == {"tool", "library"}
    state = naming.envs / "demo" / "conda-meta" / "state"
    assert '"DEPTH": "3"' in state.read_text(encoding="utf-8")
    assert "is as locked: 2 packages" in naming.multiplat("install", cwd=locked).stderr
    assert "is as locked" in naming.run("doctor", "-n", "demo", code=None).stdout


def test_lock(naming: Host, locked: Path) -> None:
    """A lock says which environment; what the machine lacks is an error, and nothing is made."""
    text = _create(naming, "gpu.conda-lock.yml", "-n", "x", cwd=locked, code=1)
    assert "this machine can't run gpu for" in text
    assert not (naming.envs / "x").exists()


def test_lock_alone(naming: Host, locked: Path, tmp_path: Path) -> None:
    """A lock without its manifest is enough."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    shutil.copy(locked / "conda-lock.yml", folder)
    _create(naming, "conda-lock.yml", "-n", "x", cwd=folder)
    assert _names(naming, "x") == {"tool", "library"}
    exported = naming.run("env", "export", "-n", "x", "--from-history").stdout
    assert "tool\n" in exported  # not what conda has noted: each package, in this very build
    assert "library" not in exported


def test_dry_run(naming: Host, locked: Path) -> None:
    """It says what is locked, and makes nothing."""
    text = _create(naming, "environment.yml", "--dry-run", cwd=locked, code=0)
    assert "  tool 1.0 0\n" in text
    assert not (naming.envs / "demo").exists()


def test_without_a_lock(naming: Host, project: Path, channel: Path) -> None:
    """The error says what to do first."""
    write(project, channel, "tool", platforms=f"[{SUBDIR}]")
    text = _create(naming, "environment.yml", cwd=project, code=1)
    assert "run `conda multiplat lock`" in text


@pytest.mark.parametrize("name", [(), ("-n", "x")])
def test_what_is_wrong_with_a_manifest(
    naming: Host, project: Path, channel: Path, name: tuple[str, ...]
) -> None:
    """It is what one reads, whether or not conda wants the environment's name of the manifest."""
    extra = "multiplat: {envronments: {}}\n"
    write(project, channel, "tool", platforms="[linux-6]", extra=extra)
    text = _create(naming, "environment.yml", *name, cwd=project, code=1)
    assert "CondaError: environment.yml can't be used\n" in text
    assert "unknown key 'envronments' in multiplat" in text
    assert "unknown platform 'linux-6'" in text
    assert "specify a name" not in text


@pytest.mark.parametrize("name", [(), ("-n", "demo")])
def test_update(naming: Host, locked: Path, name: tuple[str, ...]) -> None:
    """`conda env update` has no way to make what is locked, and the error says what does."""
    option = "--format" if version(naming) >= (26, 5) else "--environment-specifier"
    for file, words in (
        ("environment.yml", "-f environment.yml"),
        ("conda-lock.yml", "-e default"),
        ("gpu.conda-lock.yml", "-e gpu"),
    ):
        command = ("env", "update", option, "multiplat", "-f", file, *name)
        done = naming.run(*command, cwd=locked, code=1)
        assert (
            "CondaError: `conda env update` can't install exactly what is locked\n"
            f"  `conda multiplat install {words}` does, with the same -n or -p\n"
        ) in done.stderr
    assert not (naming.envs / "demo").exists()


def test_no_claim(naming: Host, project: Path, channel: Path) -> None:
    """Without our name, conda reads ``environment.yml`` as it does without us."""
    write(project, channel, "other", platforms=f"[{SUBDIR}]")
    naming.run("env", "create", "--yes", "-f", "environment.yml", cwd=project)
    assert _names(naming) == {"other"}
    assert not (naming.envs / "demo" / "conda-meta" / "multiplat").exists()


@pytest.fixture
def pypi(tmp_path: Path) -> Iterator[Rules]:
    """An index with a package of one module."""
    index = Index(tmp_path / "index")
    index.wheel("purely", "1.1")
    with serve(index.root) as server:
        yield server


def test_pypi(naming: Host, project: Path, real_channel: Path, pypi: Rules) -> None:
    """The PyPI packages come too, by what is locked of them."""
    entries = f"pip:\n      - --index-url {pypi.url}/simple\n      - purely"
    write(project, real_channel, "python", entries, platforms=f"[{SUBDIR}]")
    naming.multiplat("lock", cwd=project)
    _create(naming, "environment.yml", cwd=project)
    assert list((naming.envs / "demo").glob("lib/python*/site-packages/purely.py"))
    assert "is as locked" in naming.multiplat("install", cwd=project).stderr
