r"""The PyPI engine: uv, one process for each target, all at once.

Flow of a resolution::

    requirements + stubs of what conda provides + preferences
      -> uv pip compile --format pylock.toml     (the answer)
      -> uv pip compile, offline, annotated      (who needs whom; from the cache of the first)
      -> pylock.choose: one file for each package
           nothing fits but a source archive?  -> are there wheels for a newer system? -> conflict
                                               \-> else: to be built, with a warning
      -> records

A stub is an empty wheel with the name and version of what conda provides, given as a constraint:
so conda's version binds, whether or not an index has it, and nothing of it is fetched.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from conda_multiplat.channels import scrub, secrets
from conda_multiplat.config import Settings
from conda_multiplat.engines.access import cache_folder
from conda_multiplat.engines.folder_digest import folder_digest, folder_version
from conda_multiplat.engines.uv_advice import index_names, other_versions, unknown_projects
from conda_multiplat.engines.uv_command import run_uv, uv_environment, uv_program
from conda_multiplat.engines.wheel_stubs import stub
from conda_multiplat.errors import OutsideError
from conda_multiplat.lock import PypiRecord
from conda_multiplat.names import VirtualPackage
from conda_multiplat.pip_entries import CONSTRAINT, split_option
from conda_multiplat.pylock import Chosen, choose, wheel_tags
from conda_multiplat.pypi import NameTable, Provided, PypiConflict, PypiRequest, PypiSolution
from conda_multiplat.wheel_tags import NEWEST, least, platform_tags, promise_for, tags

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: uv's exit code where there is no solution.
_NO_SOLUTION = 1
_MANYLINUX = (40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 28, 17)
_TRIPLES = {
    "osx-64": "x86_64-apple-darwin",
    "osx-arm64": "aarch64-apple-darwin",
    "win-32": "i686-pc-windows-msvc",
    "win-64": "x86_64-pc-windows-msvc",
    "win-arm64": "aarch64-pc-windows-msvc",
    "linux-riscv64": "riscv64-unknown-linux",
}
_MACHINES = {"linux-64": "x86_64", "linux-aarch64": "aarch64"}
_VIA = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)[^#]*#\s*via (?P<via>.*)$")


def name_table() -> NameTable:
    """Which conda packages provide which PyPI projects, where that can't be guessed."""
    text = files("conda_multiplat.data").joinpath("pypi_names.json").read_text(encoding="utf-8")
    table: NameTable = json.loads(text)
    return table


class UvEngine:
    """Resolves with uv; implements :class:`conda_multiplat.pypi.PypiEngine`.

    Args:
        settings: for the cache, the proxy, TLS, and whether to fetch at all.
        folder: the manifest's folder, from which relative paths start.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        uv_program()
        self._pool = ThreadPoolExecutor(max_workers=2 * (os.cpu_count() or 1))

    def start(self, request: PypiRequest) -> Future[PypiSolution | PypiConflict]:
        """Begin a resolution; see :class:`conda_multiplat.pypi.PypiEngine`."""
        return self._pool.submit(self._resolve, request)

    def _resolve(self, request: PypiRequest) -> PypiSolution | PypiConflict:
        with tempfile.TemporaryDirectory(prefix="conda-multiplat-") as folder:
            return _Resolution(self._settings, self._folder, Path(folder), request).outcome()


@dataclass(frozen=True)
class _Resolution:
    """One target's resolution, with a folder for its files."""

    settings: Settings
    base: Path
    folder: Path
    request: PypiRequest

    def outcome(self) -> PypiSolution | PypiConflict:
        """Resolve; every text in it is free of the credentials of the manifest's options."""
        if self._triple(self.request.target.virtual_packages) is None:
            subdir = self.request.target.subdir
            return self._conflict(f"there are no wheels for {subdir}, and uv does not know it")
        stubs = cache_folder(self.settings) / "stubs"
        lines = [f"{p.name} @ {stub(stubs, p.name, p.version)}" for p in self.request.provided]
        (self.folder / "provided.txt").write_text("\n".join(lines), encoding="utf-8")
        self._write_preferences()
        done = self._compile(self._entries(), "pylock")
        if done.returncode == _NO_SOLUTION:
            return self._unsolvable(done.stderr)
        self._raise_outside(done)
        return self._solution()

    def _entries(self) -> list[str]:
        """What uv reads on standard input."""
        found = [_for_uv(each.text) for each in self.request.requirements]
        return [each for each in found if each]

    def _compile(
        self,
        entries: Sequence[str],
        form: str,
        *options: str,
        packages: Iterable[VirtualPackage] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        target = self.request.target
        promised = target.virtual_packages if packages is None else packages
        versions = {each.name: each.version for each in promised}
        constraints = [
            each.text.removeprefix(CONSTRAINT)
            for each in self.request.requirements
            if each.text.startswith(CONSTRAINT)
        ]
        (self.folder / "constraints.txt").write_text("\n".join(constraints), encoding="utf-8")
        output = ["--format", "pylock.toml", "--output-file", str(self.folder / "pylock.toml")]
        command = [
            *("pip", "compile", "-", "--quiet", "--no-header"),
            *("--python", sys.executable, "--no-python-downloads"),
            *("--python-version", self.request.python),
            *("--python-platform", str(self._triple(promised))),
            *("--constraints", str(self.folder / "constraints.txt")),
            *("--constraints", str(self.folder / "provided.txt")),
            *(["--prerelease", "allow"] if self._pre else []),
            *(["--offline"] if self.settings.offline else []),
            *(output if form == "pylock" else ["--annotation-style", "line"]),
            *options,
        ]
        environ = uv_environment(self.settings)
        if version := versions.get("__osx"):
            environ["MACOSX_DEPLOYMENT_TARGET"] = version
        return run_uv(command, environ, self.base, "\n".join(entries) + "\n")

    @property
    def _pre(self) -> bool:
        return any(each.text == "--pre" for each in self.request.requirements)

    def _triple(self, packages: Iterable[VirtualPackage]) -> str | None:
        """The target's platform as uv names it; of glibc the newest that is promised."""
        subdir = self.request.target.subdir
        if subdir not in _MACHINES:
            return _TRIPLES.get(subdir)
        known = [each for each in platform_tags(subdir, packages) if "manylinux_2_" in each]
        minors = {int(each.split("_")[2]) for each in known}
        newest = next((minor for minor in _MANYLINUX if minor in minors), None)
        return f"{_MACHINES[subdir]}-manylinux_2_{newest}" if newest else None

    def _write_preferences(self) -> None:
        """The previous records as a ``pylock.toml``: uv keeps what stands in its output's place."""
        lines = ['lock-version = "1.0"', 'created-by = "conda-multiplat"']
        for each in self.request.preferred:
            if each.sha256 and not each.is_folder:
                lines += ["[[packages]]", f'name = "{each.name}"', f'version = "{each.version}"']
        if "[[packages]]" in lines:
            (self.folder / "pylock.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _solution(self) -> PypiSolution | PypiConflict:
        data = self._pylock()
        target = self.request.target
        ranked = tags(self.request.python, target.subdir, target.virtual_packages)
        names = {each.name for each in self.request.provided}
        chosen = choose(data, ranked, provided=names, dependencies=self._dependencies())
        if too_old := self._too_old(chosen):
            return too_old
        records = tuple(self._on_disk(each) for each in chosen.records)
        warnings = [
            f"{each.name} {each.version} has no wheel for {target}: "
            "it will be built where it is installed"
            for each in chosen.records
            if each.name in chosen.built and each.sha256
        ]
        return PypiSolution(self.request, records, tuple(warnings))

    def _pylock(self) -> dict[str, Any]:
        text = (self.folder / "pylock.toml").read_text(encoding="utf-8")
        return tomllib.loads(text)

    def _dependencies(self) -> dict[str, list[str]]:
        """Who needs whom. uv has just fetched all it takes; asked again, it answers at once."""
        done = self._compile(self._entries(), "annotated", "--offline")
        if done.returncode != 0:
            done = self._compile(self._entries(), "annotated")
            self._raise_outside(done)
        found: dict[str, list[str]] = {}
        for line in done.stdout.splitlines():
            if match := _VIA.match(line):
                name = canonicalize_name(match["name"])
                for via in match["via"].split(", "):
                    if not via.startswith("-"):
                        found.setdefault(canonicalize_name(via.partition("[")[0]), []).append(name)
        return found

    def _on_disk(self, record: PypiRecord) -> PypiRecord:
        """What is on this disk, by its path from the lock.

        uv states paths from its output. Of a folder no index says version and content; one that
        is installed as editable is what it is at any time: it has no digest.
        """
        if "://" in record.url:
            return record
        place = record.url.partition("#")[0]
        at = (self.folder / place).resolve()
        shown = Path(os.path.relpath(at, self.base)).as_posix()
        url = (shown if shown.startswith(".") else f"./{shown}") + record.url[len(place) :]
        if not record.is_folder:
            return replace(record, url=url)
        version = record.version or folder_version(at)
        digest = None if url.endswith("#editable") else folder_digest(at)
        return replace(record, url=url, version=version, sha256=digest)

    def _too_old(self, chosen: Chosen) -> PypiConflict | None:
        """Whether a source archive was only taken because the promised system is too old.

        The wheels that there are for the platform at its newest say what to promise.
        """
        unbinary = {
            canonicalize_name(name)
            for each in self.request.requirements
            for option, value in [split_option(each.text)]
            if option == "--no-binary"
            for name in value.replace(",", " ").split()
        }
        archives = [
            each
            for each in chosen.records
            if each.name in chosen.built - unbinary and each.sha256 and not each.is_folder
        ]
        if not archives or "all" in unbinary:
            return None
        newest = [VirtualPackage(name, version) for name, version in NEWEST.items()]
        pins = [f"{each.name}=={each.version}" for each in archives]
        done = self._compile([*self._options(), *pins], "pylock", "--no-deps", packages=newest)
        if done.returncode != 0:
            return None
        found = tags(self.request.python, self.request.target.subdir, newest)
        better = {
            package["name"]: platforms
            for package in self._pylock()["packages"]
            if (platforms := _platforms(package, {tag.platform for tag in found}))
        }
        return self._old_conflict([each for each in archives if each.name in better], better)

    def _old_conflict(
        self, records: Sequence[PypiRecord], platforms: Mapping[str, Sequence[str]]
    ) -> PypiConflict | None:
        if not records:
            return None
        target = self.request.target
        has = {each.name: each.version for each in target.virtual_packages}
        system = next(name for name in (*NEWEST, "") if name in has or not name)
        wanted = least([least(platforms[each.name]) for each in records])
        for each in records:
            wanted = max(wanted, least(platforms[each.name]), key=_newness)
        lines = [
            f"{each.name} {each.version} has no wheel for {system.removeprefix('__')} "
            f"{has.get(system, '')}; there are: {', '.join(sorted(platforms[each.name]))}"
            for each in records
        ]
        hints = [
            f"promise {promise_for(wanted)} for {target.subdir} under multiplat: virtual-packages",
            f"or ask for an older version: pip: {records[0].name}<{records[0].version}",
            f"or build it from source: pip: --no-binary={records[0].name}",
        ]
        return self._conflict("\n".join(lines), hints=hints)

    def _unsolvable(self, text: str) -> PypiConflict:
        found = self._conflict(self._scrub(_plain(text)))
        hints = unknown_projects(found.requirements, index_names(self._indexes()))
        hints = hints or other_versions(self.request, self._versions_without(found.provided))
        return replace(found, hints=tuple(hints))

    def _indexes(self) -> list[str]:
        """The URLs of the indexes that uv takes, its own configuration included."""
        done = self._compile(self._options(), "annotated", "--emit-index-url")
        lines = [line.partition(" ") for line in done.stdout.splitlines()]
        return [url for option, _, url in lines if option in ("--index-url", "--extra-index-url")]

    def _options(self) -> list[str]:
        return [each for each in self._entries() if each.startswith("-") and each[:2] != "-e"]

    def _versions_without(self, involved: Sequence[Provided]) -> dict[str, str]:
        """The versions that would be taken of what conda provides, were conda's not there."""
        if not involved:
            return {}
        names = {each.name for each in involved}
        lines = (self.folder / "provided.txt").read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if line.partition(" ")[0] not in names]
        (self.folder / "provided.txt").write_text("\n".join(kept), encoding="utf-8")
        if self._compile(self._entries(), "pylock").returncode != 0:
            return {}
        found = {each["name"]: each.get("version", "") for each in self._pylock()["packages"]}
        return {name: found[name] for name in names if found.get(name)}

    def _conflict(self, explanation: str, *, hints: Sequence[str] = ()) -> PypiConflict:
        """A conflict with the lines and packages that the explanation names, all if it has none."""
        named = {canonicalize_name(each) for each in re.findall(r"[\w.-]+", explanation)}
        lines = [each for each in self.request.requirements if each.name in named]
        return PypiConflict(
            request=self.request,
            explanation=explanation,
            requirements=tuple(lines) or self.request.requirements,
            provided=tuple(each for each in self.request.provided if each.name in named),
            hints=tuple(hints),
        )

    def _raise_outside(self, done: subprocess.CompletedProcess[str]) -> None:
        if done.returncode != 0:
            raise OutsideError(
                f"the PyPI packages of {self.request.target} can't be resolved",
                details=[self._scrub(_plain(done.stderr))],
                hints=["nothing was written; check the index, the network and the proxy"],
            )

    def _scrub(self, text: str) -> str:
        urls = [os.path.expandvars(each.text) for each in self.request.requirements]
        return scrub(text, secrets([*urls, *uv_environment(self.settings).values()]))


def _for_uv(entry: str) -> str:
    """An entry of ``pip:`` as uv reads it; ``""`` for one that is said otherwise."""
    if entry.startswith(CONSTRAINT) or entry in ("--pre", "--require-hashes"):
        return ""
    option, value = split_option(entry)
    return f"{option} {value}".strip() if option else entry


def _platforms(package: Mapping[str, Any], known: set[str]) -> list[str]:
    """The platform tags of a package's wheels, of those that a platform can have."""
    found = {tag.platform for each in package.get("wheels", ()) for tag in wheel_tags(each["url"])}
    return sorted(found & known - {"any"})


def _newness(platform: str) -> tuple[int, ...]:
    return tuple(int(part) for part in platform.split("_")[1:3] if part.isdigit())


def _plain(text: str) -> str:
    """The message of uv without its warnings, and its own word for an error."""
    lines = [line for line in text.splitlines() if not line.startswith("warning:")]
    return "\n".join(lines).strip().removeprefix("error: ")
