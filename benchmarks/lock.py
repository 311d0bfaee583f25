"""``lock``: five platforms of an ML environment."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import Command, Run, Samples, TooSlowError, by_pass, interleaved, run
from benchmarks.report import Row, at_most, faster, skipped
from benchmarks.workspace import ML, PLATFORMS, Workspace, console_script, manifest
from conda_multiplat.machine.project import load_project
from conda_multiplat.manifest.targets import targets
from conda_multiplat.solving.requests import request

BARE = 1.25
CONDA_LOCK = 6
WORKSPACES = 4
SOLVER_VARIABLE = "CONDA_MULTIPLAT_BENCH_SOLVER"
WORKSPACES_VARIABLE = "CONDA_MULTIPLAT_BENCH_WORKSPACES"
_HERE = Path(__file__).resolve().parent


def rows(space: Workspace) -> Iterator[Row]:
    """Ours and the others, all that are fast enough in turn."""
    text = manifest(space.channel())
    commands = {
        "ours": _ours(space, text),
        "bare": _bare(space, text),
        "plugin": _plugin(space, text),
        "start-up": _plugin(space, text, "--help", label="start-up"),
        "shim": _conda_lock(space, text, "shim", _shim(space)),
    }
    found = interleaved(commands, space.times(9))
    work, ours = "lock: 5 platforms", found["ours"].seconds
    spread = f"ours {found['ours'].spread}; bare {found['bare'].spread}"
    yield at_most(work, found["ours"], found["bare"], BARE, "bare rattler", note=spread)
    yield _row_of_plugin(found["plugin"], found["bare"], found["start-up"])
    yield _row_of_conda_lock(space, text, ours)
    yield faster(
        work,
        ours,
        found["shim"].seconds,
        0,
        "conda-lock (rattler as its solver)",
        note="conda-lock's best case: a solver as fast as ours, started once for each platform",
    )
    yield _row_of_workspaces(space, ours)


def _row_of_plugin(plugin: Samples, bare: Samples, started: Samples) -> Row:
    other = f"{bare.seconds:.3f} s of bare rattler + {started.seconds:.3f} s"
    note = f"{BARE:g} x {other} of `conda multiplat --help`"
    allowed = by_pass(lambda solve, start: BARE * solve + start, bare, started)
    work = "conda multiplat lock: 5 platforms"
    return at_most(work, plugin, allowed, 1, "allowed", note=note)


def _ours(space: Workspace, text: str) -> Command:
    folder, host = space.project("ours", text), space.standalone("ours")
    arguments = [*console_script(), "lock", "--update-all"]
    return Command(arguments, folder, host.environ(), _without_lock(folder))


def _without_lock(folder: Path) -> Callable[[], None]:
    """Each run writes a new lock: none is there."""
    return lambda: (folder / "conda-lock.yml").unlink(missing_ok=True)


def _plugin(space: Workspace, text: str, *arguments: str, label: str = "plugin") -> Command:
    folder, host = space.project(label, text), space.embedded(label)
    command = [*host.command, "multiplat", *(arguments or ("lock", "--update-all"))]
    return Command(command, folder, host.environ(), _without_lock(folder))


def _bare(space: Workspace, text: str) -> Command:
    folder, host = space.project("bare", text), space.standalone("bare")
    path = folder / "requests.json"
    path.write_text(json.dumps(list(_requests(folder))), encoding="utf-8")
    arguments = [sys.executable, str(_HERE / "bare_lock.py"), str(folder / "cache"), str(path)]
    return Command(arguments, folder, host.environ(), crashes=True)


def _requests(folder: Path) -> Iterator[dict[str, object]]:
    """What ours asks rattler for, to the letter."""
    project = load_project([folder / "environment.yml"], host_subdirs=PLATFORMS)
    for target in targets(project.manifest):
        made = request(target, default_channels=(), channel_priority="flexible")
        yield {
            "subdir": target.subdir,
            "channels": made.channels,
            "specs": [requirement.text for requirement in made.requirements],
            "virtual_packages": [(p.name, p.version, p.build) for p in made.virtual_packages],
            "channel_priority": made.channel_priority,
        }


# -- conda-lock


def _row_of_conda_lock(space: Workspace, text: str, ours: float) -> Row:
    solver, name = _solver(space)
    work, what = "lock: 5 platforms", f"conda-lock ({name})"
    command = _conda_lock(space, text, "conda-lock", solver)
    try:
        first = run(command, space.limit)
        again = 3 if first.seconds < space.limit / 4 else 0
        more = [run(command, space.limit) for _ in range(again)]
    except TooSlowError:
        note = f"stopped after {space.limit:g} s (--limit): a lower bound{_classic(name)}"
        return faster(work, ours, space.limit, CONDA_LOCK, what, note=note, more="> ")
    except RuntimeError as error:
        return skipped(f"{work}, {what}", str(error))
    samples = Samples(more or [first])
    note = f"{len(samples.runs)} runs{_classic(name)}"
    return faster(work, ours, samples.seconds, CONDA_LOCK, what, note=note)


def _classic(name: str) -> str:
    """What is to be said where no mamba or micromamba was found."""
    return "; with mamba, its usual solver, conda-lock is faster" if "classic" in name else ""


def _solver(space: Workspace) -> tuple[str, str]:
    """The solver that conda-lock starts: a real one if there is any, else the embedded conda."""
    found = os.environ.get(SOLVER_VARIABLE) or shutil.which("mamba") or shutil.which("micromamba")
    if found:
        return found, Path(found).name
    host = space.embedded("solver")
    words = " ".join(f'"{word}"' for word in host.command)
    exports = {k: v for k, v in host.environ().items() if k != "PATH"}
    return _script(space, "conda", f"exec {words}", exports), "conda 24.7.1, classic solver"


def _shim(space: Workspace) -> str:
    cache = {"BENCH_SHIM_CACHE": str(space.folder / "shim-cache")}
    command = f'exec "{sys.executable}" "{_HERE / "shim_conda.py"}"'
    return _script(space, "shim-conda", command, cache)


def _script(space: Workspace, name: str, command: str, variables: dict[str, str]) -> str:
    """A shell script; what conda-lock sets for its solver is kept."""
    path = space.folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    kept = {k: v for k, v in variables.items() if k not in ("CONDA_PKGS_DIRS", "CONDA_SUBDIR")}
    exports = "".join(f"export {key}='{value}'\n" for key, value in kept.items())
    path.write_text(f'#!/bin/sh\n{exports}{command} "$@"\n', encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def _conda_lock(space: Workspace, text: str, label: str, solver: str) -> Command:
    folder, host = space.project(label, text), space.standalone(label)
    (folder / "virtual.yml").write_text(json.dumps(_virtual(folder)), encoding="utf-8")
    (folder / "names.yml").write_text("{}\n", encoding="utf-8")
    arguments = [
        str(Path(sys.executable).parent / "conda-lock"),
        "lock",
        "--conda",
        solver,
        "--file",
        "environment.yml",
        "--virtual-package-spec",
        "virtual.yml",
        # Its table of PyPI names comes from the network, and nothing here is from PyPI.
        "--pypi_to_conda_lookup_file",
        (folder / "names.yml").as_uri(),
    ]
    return Command(arguments, folder, host.environ(), _without_lock(folder))


def _virtual(folder: Path) -> dict[str, object]:
    project = load_project([folder / "environment.yml"], host_subdirs=PLATFORMS)
    return {
        "subdirs": {
            target.subdir: {
                "packages": {
                    p.name: f"{p.version}={p.build}" if p.name == "__archspec" else p.version
                    for p in target.virtual_packages
                }
            }
            for target in targets(project.manifest)
        }
    }


# -- conda-workspaces


def _row_of_workspaces(space: Workspace, ours: float) -> Row:
    work = "lock: 5 platforms, conda-workspaces"
    conda = os.environ.get(WORKSPACES_VARIABLE)
    if not conda:
        return skipped(work, f"no conda that has it: name one in {WORKSPACES_VARIABLE}")
    folder, host = space.project("workspaces", ""), space.standalone("workspaces")
    (folder / "conda.toml").write_text(_workspace(space.channel()), encoding="utf-8")
    before = (folder / "conda.lock").unlink
    command = Command(
        [conda, "workspace", "lock"], folder, host.environ(), lambda: before(missing_ok=True)
    )
    try:
        found: list[Run] = [run(command, space.limit) for _ in range(4)][1:]
    except (TooSlowError, RuntimeError) as error:
        return skipped(work, f"`conda workspace lock`: {error or 'too slow'}")
    return faster(
        "lock: 5 platforms",
        ours,
        Samples(found).seconds,
        WORKSPACES,
        "conda-workspaces",
        note="3 runs",
    )


def _workspace(channel: str) -> str:
    specs = (spec.partition(" ") for spec in ML)
    lines = [f'{name} = "{version or "*"}"' for name, _, version in specs]
    names = json.dumps(list(PLATFORMS))
    head = f'[workspace]\nname = "bench"\nchannels = ["{channel}"]\nplatforms = {names}\n'
    return f"{head}\n[dependencies]\n" + "\n".join(lines) + "\n"
