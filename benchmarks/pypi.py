"""``pypi``: PyPI packages for three platforms, against uv alone on the slowest of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from operator import sub

from benchmarks.measure import Command, by_pass, interleaved
from benchmarks.report import Row, at_most, skipped
from benchmarks.workspace import Workspace, console_script, manifest
from conda_multiplat.engines.pypi.uv import uv_program

BOUND = 1.2
WORK = "lock: the PyPI side of 3 platforms"
PROJECT = "robosuite"
PYTHON = "python 3.11.*"
#: Platforms, with uv's names for them and what is promised of them without a word.
TRIPLES = {
    "linux-64": "x86_64-manylinux_2_28",
    "osx-arm64": "aarch64-apple-darwin",
    "win-64": "x86_64-pc-windows-msvc",
}


def rows(space: Workspace) -> Iterator[Row]:
    """What ``pip:`` adds to a lock, and the slowest ``uv pip compile`` of the same targets."""
    host = space.standalone("pypi")
    # The index is the one that uv is configured for, which we are told as a mirror of PyPI.
    told = {k: v for k, v in os.environ.items() if k.startswith(("UV_", "SSL_", "HTTP"))}
    if index := told.get("UV_DEFAULT_INDEX") or told.get("UV_INDEX_URL"):
        told["CONDA_MULTIPLAT_PYPI_INDEX"] = index
    environ = {**host.environ(), **told}
    singles = {subdir: _single(space, subdir, environ) for subdir in TRIPLES}
    probe = singles["linux-64"]
    if subprocess.run(probe.arguments, env=environ, capture_output=True, check=False).returncode:
        yield skipped(WORK, "uv reaches no index here")
        return
    commands = {
        "with": _lock(space, "with-pypi", f"pip: [{PROJECT}]", environ),
        "without": _lock(space, "without-pypi", "", environ),
        **singles,
    }
    found = interleaved(commands, space.times(9))
    side = by_pass(sub, found["with"], found["without"])
    slowest = max(TRIPLES, key=lambda subdir: found[subdir].seconds)
    note = (
        f"{PROJECT}: lock with it {found['with'].spread}, without it {found['without'].spread}; "
        f"uv alone on {slowest} {found[slowest].spread}; the index answers over the network"
    )
    other = f"the slowest `uv pip compile` ({slowest})"
    yield at_most(WORK, side, found[slowest], BOUND, other, note=note)


def _lock(space: Workspace, label: str, pip: str, environ: dict[str, str]) -> Command:
    specs = [PYTHON, pip] if pip else [PYTHON]
    folder = space.project(label, manifest(space.channel(), list(TRIPLES), specs))
    lock = folder / "conda-lock.yml"
    arguments = [*console_script(), "lock", "--update-all"]
    return Command(arguments, folder, environ, lambda: lock.unlink(missing_ok=True))


def _single(space: Workspace, subdir: str, environ: dict[str, str]) -> Command:
    folder = space.project(f"uv-{subdir}", "")
    (folder / "requirements.in").write_text(f"{PROJECT}\n", encoding="utf-8")
    arguments = [
        *(uv_program(), "pip", "compile", str(folder / "requirements.in"), "--quiet"),
        *("--format", "pylock.toml", "--output-file", str(folder / "pylock.toml")),
        *("--python", sys.executable, "--no-python-downloads"),
        *("--python-version", "3.11", "--python-platform", TRIPLES[subdir]),
    ]
    lock = folder / "pylock.toml"
    deployment = {"MACOSX_DEPLOYMENT_TARGET": "13.0"}
    return Command(
        arguments, folder, {**environ, **deployment}, lambda: lock.unlink(missing_ok=True)
    )
