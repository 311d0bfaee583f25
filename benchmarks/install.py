"""``install``: 120 packages from a warm cache into a new prefix."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from support.hosts import Host
from support.packages import SUBDIR

from benchmarks import synthetic
from benchmarks.measure import Command, interleaved, run
from benchmarks.report import Row, at_most, faster
from benchmarks.workspace import Workspace, console_script, manifest

BARE = 1.2
EXPLICIT = 3
COUNT = 120
_HERE = Path(__file__).resolve().parent


def rows(space: Workspace) -> Iterator[Row]:
    """Ours without and in conda, rattler's installer, and conda's explicit install."""
    project = _project(space)
    embedded, explicit = space.embedded("plugin-install"), space.embedded("explicit")
    prefix = space.folder / "prefixes"
    md5 = str(project / f"conda-{SUBDIR}.lock")
    commands = {
        "ours": _ours(space.standalone("install"), console_script(), project, prefix / "ours"),
        "bare": _bare(space.standalone("bare-install"), project, prefix / "bare"),
        "plugin": _ours(embedded, [*embedded.command, "multiplat"], project, prefix / "plugin"),
        "explicit": _command(
            explicit,
            [*explicit.command, "create", "--yes", "--quiet", "--file", md5],
            project,
            prefix / "explicit",
        ),
    }
    found = interleaved(commands, space.times(9))
    times = {name: samples.seconds for name, samples in found.items()}
    spread = f"ours {found['ours'].spread}; bare {found['bare'].spread}"
    work = f"install: {COUNT} packages"
    yield at_most(work, found["ours"], found["bare"], BARE, "bare rattler", note=spread)
    yield faster(work, times["ours"], times["explicit"], EXPLICIT, "conda create --file")
    yield faster(
        f"conda multiplat {work}",
        times["plugin"],
        times["explicit"],
        EXPLICIT,
        "conda create --file",
        note="both in the embedded conda 24.7.1",
    )
    _check(prefix)


def _check(prefix: Path) -> None:
    """All four did the work."""
    for environment in sorted(prefix.iterdir()):
        count = len(list((environment / "conda-meta").glob("*.json")))
        if count != COUNT:
            raise RuntimeError(f"{environment.name}: {count} packages, not {COUNT}")


def _project(space: Workspace) -> Path:
    """A project with its lock, and explicit files with each kind of hash."""
    channel = synthetic.write_packages(space.folder / "packages", COUNT)
    specs = [f"real{number}" for number in range(COUNT)]
    project = space.project("install", manifest(channel.as_uri(), [SUBDIR], specs))
    env = space.standalone("install-setup").environ()
    run(Command([*console_script(), "lock"], project, env))
    explicit = project / f"conda-{SUBDIR}.lock"
    for kind in ("sha256", "md5"):
        render = ["render", "--kind", "explicit", "--hash", kind]
        run(Command([*console_script(), *render], project, env))
        if kind == "sha256":
            explicit.rename(project / "sha256.lock")
    return project


def _ours(host: Host, door: Sequence[str], project: Path, prefix: Path) -> Command:
    return _command(host, [*door, "install", "--quiet"], project, prefix)


def _bare(host: Host, project: Path, prefix: Path) -> Command:
    script = str(_HERE / "bare_install.py")
    cache, explicit = str(host.pkgs), str(project / "sha256.lock")
    arguments = [sys.executable, script, str(prefix), cache, explicit]
    return Command(arguments, project, host.environ(), _new(prefix), crashes=True)


def _command(host: Host, arguments: Sequence[str], project: Path, prefix: Path) -> Command:
    return Command([*arguments, "--prefix", str(prefix)], project, host.environ(), _new(prefix))


def _new(prefix: Path) -> Callable[[], None]:
    """Each run makes the prefix anew."""
    prefix.parent.mkdir(exist_ok=True)
    return lambda: shutil.rmtree(prefix, ignore_errors=True)
