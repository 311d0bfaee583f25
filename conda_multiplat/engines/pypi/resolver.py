r"""The PyPI engine: uv, one process for each target, all at once.

Flow of a resolution::

    requirements + stubs of what conda provides + preferences
      -> uv pip compile --format pylock.toml     (the answer)
      -> uv pip compile, offline, annotated      (dependencies; from the first run's cache)
           an extra of a conda package? -> its requirements, from the index -> run again
      -> pylock.choose: one file for each package
           nothing fits but a source archive?  -> are there wheels for a newer system? -> conflict
                                               \-> else: to be built, with a warning
      -> records

A stub is an empty wheel with the name and version of a package that conda provides, passed as a
constraint: so conda's version is used, whether or not an index has it, and nothing is downloaded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from conda_multiplat.engines.pypi.advice import index_names, unknown_projects
from conda_multiplat.engines.pypi.compile import NEWEST_SYSTEM, NO_SOLUTION, Compiler, triple
from conda_multiplat.engines.pypi.exclude_newer import too_new
from conda_multiplat.engines.pypi.extras import requested_extras
from conda_multiplat.engines.pypi.facts import stated_facts
from conda_multiplat.engines.pypi.folder_digest import folder_digest, folder_version
from conda_multiplat.engines.pypi.listing import Listing
from conda_multiplat.engines.pypi.missing_hashes import sha256_of, with_hashes
from conda_multiplat.engines.pypi.newest import Latest, latest_versions, newest_versions
from conda_multiplat.engines.pypi.paths_in_lock import path_in_lock
from conda_multiplat.engines.pypi.published import Published
from conda_multiplat.engines.pypi.uv import UvProcesses, pypi_index, uv_program
from conda_multiplat.engines.pypi.vendor_indexes import (
    asked_with_sources,
    used_backend,
    with_sources,
)
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.interrupts import held
from conda_multiplat.machine.temporary import temporary_folder
from conda_multiplat.solving.alternatives import too_new_reason
from conda_multiplat.solving.newest_versions import NewestVersion
from conda_multiplat.solving.pypi import (
    Provided,
    PypiConflict,
    PypiRequest,
    PypiSolution,
    index_options_only,
    without_cuts,
)
from conda_multiplat.solving.read_pylock import Chosen, choose, wheel_tags
from conda_multiplat.solving.required_hashes import hash_faults, hash_message
from conda_multiplat.solving.wheel_tags import NEWEST, least, newest, promise_for
from conda_multiplat.vocabulary.package_facts import PackageFacts
from conda_multiplat.vocabulary.pip_options import split_option
from conda_multiplat.vocabulary.records import PypiRecord

#: The number of parallel metadata lookups, which mostly wait for servers.
_LOOKUPS = 8
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


class UvEngine:
    """Resolves with uv; implements :class:`conda_multiplat.solving.pypi.PypiEngine`.

    Args:
        settings: for the cache, the proxy, TLS, and whether to use the network.
        folder: the manifest's folder, the base of relative paths.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        uv_program()
        pypi_index(settings)  # fail here, and not once for each target
        self._processes = UvProcesses()
        self._published = Published()
        self._expected: dict[Hashable, Future[Mapping[str, Latest]]] = {}
        self._pool = ThreadPoolExecutor(max_workers=2 * (os.cpu_count() or 1))
        self._lookups = ThreadPoolExecutor(max_workers=_LOOKUPS)

    def start(self, request: PypiRequest) -> Future[PypiSolution | PypiConflict]:
        """Start a resolution; see :class:`conda_multiplat.solving.pypi.PypiEngine`."""
        return self._pool.submit(self._resolve, request)

    def expect_newest(self, request: PypiRequest, records: Sequence[PypiRecord]) -> None:
        """Start looking up the newest versions of packages, for a later call of :meth:`newest`.

        Args:
            request: the expected request, as far as it is known.
            records: the packages that its solution is expected to have.
        """
        self._expected[_places(request)] = self._pool.submit(self._latest, request, records)

    def newest(self, solution: PypiSolution) -> Future[Mapping[str, NewestVersion]]:
        """Start looking up the newest version of each package of a solution; return immediately.

        If it was expected, only the packages named then are looked up. Packages that come from no
        index are left out. The future raises as that of :meth:`start`.
        """
        return self._pool.submit(self._newest, solution)

    def _latest(self, request: PypiRequest, records: Sequence[PypiRecord]) -> Mapping[str, Latest]:
        with temporary_folder() as place:
            uv = Compiler(self._settings, self._folder, place, request, self._processes)
            return latest_versions(uv, records)

    def _newest(self, solution: PypiSolution) -> Mapping[str, NewestVersion]:
        request = solution.request
        expected = self._expected.get(_places(request))
        latest = expected.result() if expected else self._latest(request, solution.records)
        with temporary_folder() as place:
            uv = Compiler(self._settings, self._folder, place, request, self._processes)
            return newest_versions(uv, solution, latest, self._published)

    def facts(self, request: PypiRequest, record: PypiRecord) -> Future[PackageFacts]:
        """Start looking up the facts that a locked file states; return immediately.

        Nothing is built or run. The future raises ``UnfetchedError`` if the file can't be read.

        Args:
            request: for the indexes.
            record: the file.
        """
        return self._lookups.submit(self._facts, request, record)

    def _facts(self, request: PypiRequest, record: PypiRecord) -> PackageFacts:
        with temporary_folder() as place:
            uv = Compiler(self._settings, self._folder, place, request, self._processes)
            return stated_facts(uv, record)

    def close(self) -> None:
        """Stop all resolutions; see :class:`conda_multiplat.solving.pypi.PypiEngine`."""
        with held():  # until threads have removed their temporary folders
            self._processes.stop()
            self._pool.shutdown(cancel_futures=True)
            self._lookups.shutdown(cancel_futures=True)

    def _resolve(self, request: PypiRequest) -> PypiSolution | PypiConflict:
        with temporary_folder() as place:
            uv = Compiler(self._settings, self._folder, place, request, self._processes)
            return _outcome(uv, self._published)


def _places(request: PypiRequest) -> Hashable:
    """Return everything that the newest versions depend on."""
    places = index_options_only(request)
    target = places.target
    options = (target.virtual_packages, target.pypi_options)
    return (
        target.environment,
        target.subdir,
        options,
        places.python,
        places.free_threaded,
        places.requirements,
    )


def _outcome(uv: Compiler, published: Published) -> PypiSolution | PypiConflict:
    target = uv.request.target
    if triple(target.subdir, target.virtual_packages) is None:
        return _conflict(uv.request, f"uv does not support {target.subdir}")
    uv = replace(uv, named=asked_with_sources(uv.request))
    while True:
        done = uv.lock(uv.entries)
        if done.returncode == NO_SOLUTION:
            wider = _of_all_sources(uv)
            if wider is None:
                return _unsolvable(uv, uv.message(done))
            uv = wider
            continue
        uv.check(done)
        listing = uv.listing()
        completed = _with_extras(_with_sources(uv), listing, published)
        if completed == uv:
            break
        uv = completed
    names = {package.name for package in uv.request.provided}
    ranked = uv.request.tags()
    content = with_hashes(uv.pylock(), uv.folder)
    chosen = choose(content, ranked, provided=names, dependencies=listing.needs)
    records = tuple(_on_disk(uv, _verified(uv, record, chosen)) for record in chosen.records)
    extras = requested_extras(uv, listing, records, published, uv.warnings(done))
    warnings = (*_to_build(uv, chosen), *extras.warnings)
    backend = used_backend(uv.request, records)
    solution = PypiSolution(
        uv.request, extras.records, warnings, extras.of_lines, backend, chosen.times
    )
    return _too_old(uv, chosen) or _other_hash(uv.request, records) or solution


def _with_extras(uv: Compiler, listing: Listing, published: Published) -> Compiler:
    """Add the requirements of requested extras of packages that conda provides."""
    versions = {package.name: package.version for package in uv.request.provided}
    new = versions.keys() & listing.extras.keys() - uv.extras.keys()
    looked_up = {name: published.of_version(uv, name, versions[name]) for name in sorted(new)}
    optional = {
        name: metadata.optional if metadata else None for name, metadata in looked_up.items()
    }
    return replace(uv, extras={**uv.extras, **optional})


def _with_sources(uv: Compiler) -> Compiler:
    """Add lines for needed projects with their own index: uv uses that index only for lines."""
    taken = {canonicalize_name(package["name"]) for package in uv.pylock().get("packages", ())}
    return replace(uv, named=uv.named | (taken & with_sources(uv.request)))


def _of_all_sources(uv: Compiler) -> Compiler | None:
    """Resolve with all projects' own indexes, and keep the needed ones; ``None`` if that fails."""
    with_all = replace(uv, named=with_sources(uv.request))
    if with_all.named == uv.named or with_all.lock(with_all.entries).returncode != 0:
        return None
    listing = with_all.listing()
    needed = {name for name in with_all.named if listing.dependents(name)}
    named = asked_with_sources(uv.request) | needed
    return replace(uv, named=named) if named != uv.named else None


def _other_hash(request: PypiRequest, records: Sequence[PypiRecord]) -> PypiConflict | None:
    """Return a conflict if a line's ``--hash`` differs from the file's; else ``None``."""
    by_name = {record.name: record for record in records}
    subdir, python = request.target.subdir, request.python
    faults = list(hash_faults(request.requirements, by_name, subdir, python))
    if not faults:
        return None
    return PypiConflict(
        request=request,
        explanation="\n".join(hash_message(record) for _, record in faults),
        requirements=tuple(line for line, _ in faults),
        hints=("write the file's hash if you trust it, or leave out --hash: the lock has hashes",),
    )


def _to_build(uv: Compiler, chosen: Chosen) -> tuple[str, ...]:
    return tuple(
        f"{record.name} {record.version} has no wheel for {uv.request.target.subdir}: "
        "it will be built where it is installed"
        for record in chosen.records
        if record.name in chosen.built and record.sha256
    )


def _verified(uv: Compiler, record: PypiRecord, chosen: Chosen) -> PypiRecord:
    """Return a record with a SHA-256; if its index states others only, the file is downloaded.

    Raises:
        OutsideError: it can't be downloaded, or does not have the stated hash.
    """
    stated = chosen.other_hashes.get(record.name)
    if record.sha256 or not stated:
        return record
    return record._replace(sha256=sha256_of(uv, record, stated))


def _on_disk(uv: Compiler, record: PypiRecord) -> PypiRecord:
    """Return a local record with its path from the lock.

    uv states paths relative to its output, or URLs. For a folder, no index states version and
    content; an editable install has no digest, since its content can change at any time.
    """
    url = path_in_lock(record.url, uv.folder, uv.base, uv.request.requirements)
    if "://" in url:
        return record
    at = uv.base / url.partition("#")[0]
    if not record.is_folder:
        return record._replace(url=url)
    version = record.version or folder_version(at)
    digest = None if url.endswith("#editable") else folder_digest(at)
    return record._replace(url=url, version=version, sha256=digest)


def _too_old(uv: Compiler, chosen: Chosen) -> PypiConflict | None:
    """Return a conflict if source archives were chosen only because the promised system is too old.

    The wheels for the platform's newest system tell what to promise.
    """
    from_source = _not_binary(uv.request)
    archives = [
        record
        for record in chosen.records
        if record.name in chosen.built - from_source and record.sha256 and not record.is_folder
    ]
    if not archives or "all" in from_source:
        return None
    pins = [f"{archive.name}=={archive.version}" for archive in archives]
    done = uv.lock([*uv.options, *pins], "--no-deps", packages=NEWEST_SYSTEM)
    return _newer_wheels(uv) if done.returncode == 0 else None


def _newer_wheels(uv: Compiler) -> PypiConflict | None:
    """Return the conflict for packages whose wheels all need a newer system than is promised."""
    possible = {tag.platform for tag in uv.request.tags(NEWEST_SYSTEM)}
    promised = {tag.platform for tag in uv.request.tags()}
    provided = {package.name for package in uv.request.provided}
    wheels: dict[tuple[str, str], list[str]] = {}
    for package in uv.pylock()["packages"]:
        platforms = _platforms(package, possible)
        if package["name"] not in provided and platforms and not promised & set(platforms):
            wheels[package["name"], package.get("version", "")] = platforms
    return _old_conflict(uv.request, wheels) if wheels else None


def _not_binary(request: PypiRequest) -> set[str]:
    """Return the projects that the manifest wants to be built from source."""
    options = (split_option(requirement.text) for requirement in request.requirements)
    values = [value for option, value in options if option == "--no-binary"]
    names = (name for value in values for name in value.replace(",", " ").split())
    return {canonicalize_name(name.strip(":")) for name in names}


def _platforms(package: Mapping[str, Any], known: set[str]) -> list[str]:
    """Return the platform tags of a package's wheels that the platform can have."""
    urls = (wheel.get("url") or wheel.get("path", "") for wheel in package.get("wheels", ()))
    return sorted({tag.platform for url in urls for tag in wheel_tags(url)} & known - {"any"})


def _old_conflict(
    request: PypiRequest, wheels: Mapping[tuple[str, str], Sequence[str]]
) -> PypiConflict:
    """Return the conflict; ``wheels`` are (name, version) -> the platform tags of its wheels."""
    has = {package.name: package.version for package in request.target.virtual_packages}
    system = next((name for name in NEWEST if name in has), "")
    needed_system = newest([least(platforms) for platforms in wheels.values()])
    lines = [
        f"{name} {version} has no wheel for {system.removeprefix('__')} {has.get(system, '')}; "
        f"it has wheels for {', '.join(platforms)}"
        for (name, version), platforms in wheels.items()
    ]
    name, version = next(iter(wheels))
    hints = (
        f"promise {promise_for(needed_system)} for {request.target.subdir} under "
        "multiplat: virtual-packages",
        f"or ask for an older version: pip: {name}<{version}",
        f"or build it from source: pip: --no-binary={name}",
    )
    return _conflict(request, "\n".join(lines), hints)


def _unsolvable(uv: Compiler, explanation: str) -> PypiConflict:
    done = uv.lock(uv.entries, packages=NEWEST_SYSTEM)
    if done.returncode == 0 and (too_old := _newer_wheels(uv)):
        return too_old
    conflict = _conflict(uv.request, explanation)
    if exceptions := _exceptions(uv, explanation):
        return replace(conflict, hints=exceptions)
    hints = unknown_projects(conflict.requirements, index_names(uv.indexes(), uv.settings))
    if hints:
        return replace(conflict, hints=tuple(hints))
    return replace(conflict, instead=tuple(_versions_without(uv, conflict.provided).items()))


def _exceptions(uv: Compiler, explanation: str) -> tuple[str, ...]:
    """Return hints for projects that only ``exclude-newer`` rules out, if uv solves without it."""
    free = replace(uv, request=without_cuts(uv.request))
    if not uv.request.cuts.can_exclude or free.lock(free.entries).returncode != 0:
        return ()
    newer = too_new(uv.request, free.pylock().get("packages", ()))
    named = {canonicalize_name(name) for name in _NAME.findall(explanation)} & newer.keys()
    return tuple(
        too_new_reason(name, version, uv.request.cuts.of(name) or 0)
        for name, version in sorted(newer.items())
        if name in named or not named
    )


def _versions_without(uv: Compiler, involved: Sequence[Provided]) -> dict[str, str]:
    """Return the versions that would be chosen for conda's packages if conda had none."""
    names = {package.name for package in involved}
    if not names or uv.lock(uv.entries, without=names).returncode != 0:
        return {}
    versions = {package["name"]: package.get("version", "") for package in uv.pylock()["packages"]}
    return {name: versions[name] for name in names if versions.get(name)}


def _conflict(request: PypiRequest, explanation: str, hints: Sequence[str] = ()) -> PypiConflict:
    """Return a conflict with the lines and packages in the explanation; all if it names none."""
    named = {canonicalize_name(name) for name in _NAME.findall(explanation)}
    lines = tuple(requirement for requirement in request.requirements if requirement.name in named)
    return PypiConflict(
        request=request,
        explanation=explanation,
        requirements=lines or request.requirements,
        provided=tuple(package for package in request.provided if package.name in named),
        hints=tuple(hints),
    )
