"""Fixtures: condas to run in, channels to lock from, and a home that is not the developer's."""

from __future__ import annotations

import importlib.util
import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import measured
from support.hosts import EMBEDDED, STANDALONE, VARIABLE, Host, make_host, real_condas, standalone
from support.packages import Package, build_channel, real_packages, write_repodata
from support.server import Rules, serve
from support.tally import tallies

# A shell has what it starts in the background ignore SIGINT, and all that this starts would too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Before any of our modules is imported.
if measurement := measured.begin():
    measurement.write_at_end()

ROOT = Path(__file__).resolve().parents[1]


def pytest_configure() -> None:
    """Refuse to test a copy that an earlier installation has left, while the sources are edited."""
    spec = importlib.util.find_spec("conda_multiplat")
    origin = spec.origin if spec else None
    if "CONDA_MULTIPLAT_TEST_WHEEL" not in os.environ and (
        not origin or not Path(origin).resolve().is_relative_to(ROOT / "conda_multiplat")
    ):
        raise pytest.UsageError(
            f"this Python does not have the sources in {ROOT}, but {origin or 'nothing of ours'}: "
            "run `make develop` and `.venv/bin/pytest`, or, to test what is installed, "
            "set CONDA_MULTIPLAT_TEST_WHEEL=1"
        )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many faults of each kind were tried, and how many failed."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        if report.when == "call"
    ]
    if lines := tallies(reports):
        terminalreporter.section("faults")
        terminalreporter.write_line("\n".join(lines))


_NO_REAL = f"no real conda: name some in {VARIABLE}, or put conda on PATH"


@pytest.fixture(scope="session")
def _new_homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders that aren't there yet; not pytest's own, which looks at all others for each."""
    homes = tmp_path_factory.mktemp("homes")
    return (homes / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _own_home(_new_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Code under test that looks for the user's home finds an empty one."""
    home = next(_new_homes)
    home.mkdir()
    for name in ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home))
    for name in ("CONDARC", "CONDA_PREFIX", "CONDA_EXE", "CONDA_ROOT", "MAMBA_ROOT_PREFIX"):
        monkeypatch.delenv(name, raising=False)


def _doors() -> list[object]:
    return [EMBEDDED, STANDALONE, *_real_params()]


def _real_params() -> list[object]:
    paths = real_condas()
    if paths:
        return [pytest.param(path, id=Path(path).parts[-3]) for path in paths]
    return [pytest.param("real", marks=pytest.mark.skip(reason=_NO_REAL))]


def _host(kind: str, home: Path) -> Host:
    if kind == STANDALONE:
        return standalone(home)
    return make_host((kind,), home)


@pytest.fixture(params=_doors())
def door(request: pytest.FixtureRequest, tmp_path: Path) -> Host:
    """Each way into our commands: through every conda, and without one."""
    return _host(request.param, tmp_path / "door")


@pytest.fixture(params=[EMBEDDED, *_real_params()])
def conda(request: pytest.FixtureRequest, tmp_path: Path) -> Host:
    """Each conda."""
    return _host(request.param, tmp_path / "conda")


@pytest.fixture
def alone(tmp_path: Path) -> Host:
    """``conda-multiplat`` without conda: for what does not depend on the door."""
    return standalone(tmp_path / "alone")


@pytest.fixture(scope="session")
def real_channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel of real packages for this machine, Python among them."""
    return build_channel(tmp_path_factory.mktemp("real-channel"), real_packages())


PLATFORMS = ("linux-64", "osx-arm64", "win-64")


def small_channel(folder: Path) -> Path:
    """Metadata for three platforms: two pythons, numpy and what is built on them."""
    packages: list[Package] = []
    for subdir in PLATFORMS:
        unix = subdir != "win-64"
        system = "__win" if not unix else "__glibc >=2.17" if "linux" in subdir else "__osx >=11.0"
        packages += [
            Package("python", v, "0_cpython", subdir, depends=[system, "zlib >=1.2,<2"])
            for v in ("3.11.9", "3.12.4")
        ]
        packages += [Package("zlib", v, "h1_0", subdir) for v in ("1.2.13", "1.3.1")]
        packages += [
            Package("numpy", v, f"py{p}_0", subdir, depends=[f"python 3.{p[1:]}.*", "libblas"])
            for v in ("1.26.4", "2.1.0")
            for p in ("311", "312")
        ]
        packages += [
            Package("libblas", "3.9.0", f"{n}_{kind}", subdir)
            for n, kind in ((1, "mkl"), (2, "openblas"))
        ]
        packages.append(
            Package(
                "scipy", "1.14.0", "py312_0", subdir, depends=["numpy >=1.26,<3", "python 3.12.*"]
            )
        )
    packages += [
        Package("rich-text", noarch="python", depends=["python >=3.10"]),
        Package("old-tool", noarch="python", depends=["python <3.12", "numpy <2"]),
        Package("new-tool", noarch="python", depends=["python >=3.12"]),
        Package("only-unix", noarch="generic", depends=["__unix"]),
        Package("cuda-thing", "12.4", subdir="linux-64", depends=["cuda-version 12.*"]),
        Package("cuda-version", "12.4", noarch="generic", constrains=["__cuda >=12"]),
        Package("needs-cuda", subdir="linux-64", depends=["__cuda >=12"]),
    ]
    return write_repodata(folder, packages)


@pytest.fixture(scope="session")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small channel of metadata."""
    return small_channel(tmp_path_factory.mktemp("small-channel"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty folder for a manifest, the root of a repository as far as we look."""
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    return folder


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Rules]:
    """A server of an own copy of the small channel, under ``/chan``."""
    root = tmp_path / "served"
    small_channel(root / "chan")
    with serve(root) as rules:
        yield rules
