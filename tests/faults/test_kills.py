"""Commands that are killed at any instant: nothing is left by half, and the next run goes on."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from support.hosts import EMBEDDED, Host, make_host
from support.kills import CODES, Ended, alive, kill
from support.manifests import locked, write
from support.packages import PYTHON, SUBDIR, Package, build_channel, python_package
from support.patience import PATIENCE, soon
from support.pypi_index import Index
from support.server import serve
from support.tally import Tally, rounds, tallied

pytestmark = pytest.mark.faults

#: Seconds that an interrupted command may take to clean up on a busy machine; what waits for the
#: network or for a lock takes longer.
_SOON = 20.0
SIGNALS = pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)


def _require_ended(ended: Ended, number: int) -> None:
    """The signal's exit code, or 0 where all was done before; soon, and without a traceback."""
    assert ended.code in (CODES[number], 0), ended
    assert ended.took < _SOON or ended.code == 0, ended
    ended.require_quiet()


def _require_whole(project: Path, before: Mapping[str, str]) -> None:
    """Every file is as it was or one that we can read; no temporary file but a SIGKILL's."""
    for path in project.glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        if text != before.get(path.name):
            assert text.endswith("\n")
            assert isinstance(yaml.safe_load(text), dict)


def _texts(project: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in project.glob("*.yml")}


def _put_back(project: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        (project / name).write_text(text, encoding="utf-8")


def _left(*folders: Path) -> list[str]:
    """Temporary files and folders, of ours or of the engines'."""
    return [
        str(path)
        for folder in folders
        if folder.exists()
        for path in folder.rglob("*")
        if re.search(r"multiplat-[0-9a-f]{8}-\d+-|^\.tmp|symtest_|prefix_record_", path.name)
    ]


def _environment(temporary: Path) -> dict[str, str]:
    temporary.mkdir(exist_ok=True)
    return {"TMPDIR": str(temporary)}


def _delays(tally: Tally, count: int, longest: float) -> Iterator[float]:
    """Instants at random, one in each part of the time that the command works."""
    count = rounds(count)
    yield from ((part + tally.random.random()) * longest / count for part in range(count))


@SIGNALS
def test_lock(
    request: pytest.FixtureRequest,
    alone: Host,
    project: Path,
    channel: Path,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    """``lock`` of two environments, where there are locks of an older manifest."""
    extra = "multiplat: {environments: {b: {dependencies: [zlib]}}}\n"
    env = _environment(tmp_path / "temporary")
    with tallied(request, f"lock, {number.name}") as tally:
        write(project, channel, "zlib", platforms="[linux-64, osx-arm64]", extra=extra)
        alone.multiplat("lock", "-q", cwd=project)
        write(project, channel, "scipy", platforms="[linux-64, osx-arm64]", extra=extra)
        before = _texts(project)
        for delay in _delays(tally, 4, 0.7):
            _put_back(project, before)
            with tally.attempt(f"after {delay:.3f} s"):
                ended = kill(alone, "lock", cwd=project, number=number, delay=delay, env=env)
                _require_ended(ended, number)
                _require_whole(project, before)
                if number != signal.SIGKILL:
                    assert _left(project, tmp_path / "temporary") == []
                alone.multiplat("lock", "-q", cwd=project, env=env)
                alone.multiplat("check", "-q", cwd=project)
                assert _left(project) == []
                assert "scipy" in locked(project)["linux-64"]


@SIGNALS
def test_add(
    request: pytest.FixtureRequest,
    alone: Host,
    project: Path,
    channel: Path,
    number: signal.Signals,
) -> None:
    """``add``: the manifest and its lock are both old or both new, and readable."""
    with tallied(request, f"add, {number.name}") as tally:
        write(project, channel, "zlib", platforms="[linux-64]")
        alone.multiplat("lock", "-q", cwd=project)
        before = _texts(project)
        add = ("add", "--no-install", "numpy")
        for delay in _delays(tally, 3, 0.7):
            _put_back(project, before)
            with tally.attempt(f"after {delay:.3f} s"):
                ended = kill(alone, *add, cwd=project, number=number, delay=delay)
                _require_ended(ended, number)
                _require_whole(project, before)
                if number != signal.SIGKILL:
                    assert _left(project) == []
                    changed = [
                        name for name, text in _texts(project).items() if text != before[name]
                    ]
                    assert len(changed) in (0, 2), changed
                alone.multiplat(*add, "-q", cwd=project)
                alone.multiplat("check", "-q", cwd=project)
                assert _left(project) == []


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel of packages with some files each, one of them large."""
    packages = [
        Package(
            f"package{count}",
            noarch="generic",
            files={f"share/package{count}/{name}": b"x" * 20_000 for name in range(10)},
        )
        for count in range(12)
    ]
    return build_channel(tmp_path_factory.mktemp("many"), packages)


@SIGNALS
def test_install(
    request: pytest.FixtureRequest,
    alone: Host,
    project: Path,
    many: Path,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    """``install`` over the network: the next one goes on, whatever the first has left."""
    env = _environment(tmp_path / "temporary")
    root = tmp_path / "channels"
    root.mkdir()
    (root / "many").symlink_to(many)
    names = [f"package{count}" for count in range(12)]
    with serve(root) as server, tallied(request, f"install, {number.name}") as tally:
        write(project, f"{server.url}/many", *names, platforms=f"[{SUBDIR}]")
        alone.multiplat("lock", "-q", cwd=project)
        for count, delay in enumerate(_delays(tally, 4, 0.6)):
            alone.multiplat("clean", "-q", "--packages", cwd=project, code=None)
            install = ("install", "-n", f"demo{count}")
            prefix = alone.envs / f"demo{count}"
            with tally.attempt(f"after {delay:.3f} s"):
                ended = kill(alone, *install, cwd=project, number=number, delay=delay, env=env)
                _require_ended(ended, number)
                if number != signal.SIGKILL:
                    assert _left(tmp_path / "temporary") == []
                alone.multiplat(*install, "-q", "--verify", cwd=project, env=env)
                assert _left(prefix) == []
                assert len(list((prefix / "share").iterdir())) == len(names)
                assert len(list((prefix / "conda-meta").glob("*.json"))) == len(names)


@SIGNALS
def test_pypi(
    request: pytest.FixtureRequest,
    alone: Host,
    project: Path,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    """Packages of an index: ``lock`` and ``install``, with uv at work below us."""
    env = _environment(tmp_path / "temporary")
    channel = build_channel(tmp_path / "channel", [python_package()])
    index = Index(tmp_path / "index")
    for count in range(6):
        index.wheel(f"wheel{count}", more={f"site-packages/data{count}.txt": "x" * 50_000})
    entries = "\n".join(f"      - wheel{count}" for count in range(6))
    with serve(index.root) as server, tallied(request, f"PyPI, {number.name}") as tally:
        pip = f"pip:\n      - --index-url {server.url}/simple\n{entries}"
        for count, delay in enumerate(_delays(tally, 2, 1.5)):
            write(project, channel, f"python {PYTHON}", pip, platforms=f"[{SUBDIR}]")
            command: tuple[str, ...] = ("install", "-n", f"demo{count}")
            if count % 2:
                command = ("lock",)
                (project / "conda-lock.yml").unlink(missing_ok=True)
            else:
                alone.multiplat("lock", "-q", cwd=project, env=env)
            with tally.attempt(f"{command[0]} after {delay:.3f} s"):
                ended = kill(alone, *command, cwd=project, number=number, delay=delay, env=env)
                _require_ended(ended, number)
                if number != signal.SIGKILL:
                    assert _left(tmp_path / "temporary", project) == []
                alone.multiplat("lock", "-q", cwd=project, env=env)
                alone.multiplat("install", "-q", "-n", f"demo{count}", cwd=project, env=env)
                lib = next((alone.envs / f"demo{count}").rglob("site-packages"))
                assert len(list(lib.glob("wheel*.dist-info"))) == 6


@SIGNALS
def test_under_conda(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    project: Path,
    many: Path,
    number: signal.Signals,
) -> None:
    """``conda multiplat install``, where conda has started us."""
    host = make_host((EMBEDDED,), tmp_path / "conda")
    names = [f"package{count}" for count in range(12)]
    write(project, many, *names, platforms=f"[{SUBDIR}]")
    host.multiplat("lock", "-q", cwd=project)
    with tallied(request, f"conda multiplat install, {number.name}") as tally:
        for count, delay in enumerate(_delays(tally, 1, 0.4)):
            install, prefix = ("install", "-n", f"demo{count}"), host.envs / f"demo{count}"
            with tally.attempt(f"after {delay:.3f} s"):
                ended = kill(host, *install, cwd=project, number=number, delay=delay)
                if ended.code == -number != CODES[number]:  # conda's own end, when all was done
                    assert "12 packages of default" in ended.stderr, ended
                else:
                    _require_ended(ended, number)
                host.multiplat(*install, "-q", "--verify", cwd=project)
                assert _left(prefix) == []
                assert len(list((prefix / "share").iterdir())) == len(names)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere uv goes on for a moment")
def test_uv_goes_with_us(alone: Host, project: Path, tmp_path: Path) -> None:
    """After SIGKILL uv does not go on in the prefix, where the next install may be at work."""
    channel = build_channel(tmp_path / "channel", [python_package()])
    index = Index(tmp_path / "index")
    index.wheel("robot", "1.0")
    with serve(index.root) as server:
        pip = f"pip:\n      - --index-url {server.url}/simple\n      - robot"
        write(project, channel, f"python {PYTHON}", pip, platforms=f"[{SUBDIR}]")
        alone.multiplat("lock", "-q", cwd=project)
        server.delay = {"robot-1.0-py3-none-any.whl": 2 * PATIENCE}
        process = subprocess.Popen(
            [*alone.command, "install", "-q"],
            cwd=project,
            env=alone.environ(),
            start_new_session=True,
        )
        assert soon(lambda: "uv" in alive(process.pid))
        process.kill()
        process.wait()
        assert soon(lambda: alive(process.pid) == [])


@SIGNALS
def test_image(
    request: pytest.FixtureRequest,
    alone: Host,
    project: Path,
    many: Path,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    """``image``: the old archive or the new one, whole, and nothing beside it."""
    env = _environment(tmp_path / "temporary")
    names = [f"package{count}" for count in range(12)]
    make = ("image", "-q", "--platform", "linux-64", "-o", "demo.tar")
    with tallied(request, f"image, {number.name}") as tally:
        write(project, many, *names, platforms="[linux-64]")
        alone.multiplat("lock", "-q", cwd=project)
        known = set()
        for tag in ("old", "new"):
            alone.multiplat(*make, "--tag", tag, cwd=project)
            known.add((project / "demo.tar").read_bytes())
        for delay in _delays(tally, 4, 0.8):
            alone.multiplat("clean", "-q", "--packages", cwd=project, code=None)
            with tally.attempt(f"after {delay:.3f} s"):
                again = (*make, "--tag", "old")
                ended = kill(alone, *again, cwd=project, number=number, delay=delay, env=env)
                _require_ended(ended, number)
                assert (project / "demo.tar").read_bytes() in known
                if number != signal.SIGKILL:
                    assert _left(project, tmp_path / "temporary", alone.pkgs) == []
                alone.multiplat(*make, "--tag", "new", cwd=project, env=env)
                assert _left(project) == []
                assert (project / "demo.tar").read_bytes() in known


@SIGNALS
def test_pack_and_unpack(
    request: pytest.FixtureRequest,
    alone: Host,
    project: Path,
    many: Path,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    """``pack``: the old archive or the new one, whole. ``unpack``: the next one finishes."""
    env = _environment(tmp_path / "temporary")
    file = project / f"demo.{SUBDIR}.tar"
    folders = (project, tmp_path / "temporary", alone.pkgs, alone.envs)
    with tallied(request, f"pack and unpack, {number.name}") as tally:
        known = set()
        for count in (11, 12):
            names = [f"package{index}" for index in range(count)]
            write(project, many, *names, platforms=f"[{SUBDIR}]")
            alone.multiplat("lock", "-q", cwd=project)
            alone.multiplat("pack", "-q", cwd=project)
            known.add(file.read_bytes())
        for delay in _delays(tally, 4, 0.8):
            with tally.attempt(f"after {delay:.3f} s"):
                ended = kill(alone, "pack", "-q", cwd=project, number=number, delay=delay, env=env)
                _require_ended(ended, number)
                assert file.read_bytes() in known
                if number != signal.SIGKILL:
                    assert _left(*folders) == []
                alone.multiplat("clean", "-q", "--packages", cwd=project, code=None)
                make = ("unpack", "-q", file, "-n", f"demo{delay}")
                ended = kill(alone, *make, cwd=project, number=number, delay=delay, env=env)
                _require_ended(ended, number)
                if number != signal.SIGKILL:
                    assert _left(*folders) == []
                alone.multiplat(*make, cwd=project, env=env)
                look = ("list", "--installed", "--exit-code", "-n", f"demo{delay}")
                alone.multiplat(*look, cwd=tmp_path)
