"""Data that channels and indexes state about locked packages, for ``licenses`` and SBOMs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future

from conda_multiplat.actions.locked_targets import LockedTarget
from conda_multiplat.actions.named_variables import require_named
from conda_multiplat.actions.provenance import refuse_strays
from conda_multiplat.actions.waiting_text import done_of, while_reading
from conda_multiplat.lockfile.dependency_graph import Key
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.progress import waiting
from conda_multiplat.machine.project import Project
from conda_multiplat.solving.newest_versions import SolvedRequest
from conda_multiplat.solving.pypi import pypi_request
from conda_multiplat.solving.requests import request
from conda_multiplat.vocabulary.errors import OutsideError
from conda_multiplat.vocabulary.package_facts import PackageFacts
from conda_multiplat.vocabulary.records import PypiRecord

#: The facts of a target's packages.
Facts = Mapping[Key, PackageFacts]


def package_facts(
    project: Project,
    settings: Settings,
    console: Console,
    targets: Sequence[LockedTarget],
    wanted: Sequence[Collection[Key]] = (),
) -> list[Facts]:
    """Return the stated facts of each target's packages: conda's in one query, each PyPI file once.

    Args:
        project: the project.
        settings: for reaching channels and indexes.
        console: for progress.
        targets: the locked targets.
        wanted: the packages to look up for each target; if empty, all.

    Raises:
        LockFileError: a lock has packages from places that the manifest does not allow.
        OutsideError: a channel, an index or a file can't be read.
    """
    require_named((target.target for target in targets), settings)
    for target in targets:
        refuse_strays(project, target.target, target.lock)
    parts = [_part(*pair) for pair in zip(targets, wanted, strict=True)] if wanted else targets
    conda = _of_channels(project, settings, console, parts)
    pypi = _of_files(project, settings, console, targets, parts)
    return [
        {
            **{("conda", name): facts for name, facts in stated.items()},
            **{("pypi", record.name): pypi[record.url] for record in part.locked.pypi},
        }
        for part, stated in zip(parts, conda, strict=True)
    ]


def _part(whole: LockedTarget, names: Collection[Key]) -> LockedTarget:
    """Return a target with some of its packages."""
    locked = whole.locked
    conda = tuple(record for record in locked.records if ("conda", record.name) in names)
    pypi = tuple(record for record in locked.pypi if ("pypi", record.name) in names)
    return LockedTarget(whole.target, whole.lock, locked._replace(records=conda, pypi=pypi))


def _of_channels(
    project: Project, settings: Settings, console: Console, targets: Sequence[LockedTarget]
) -> Sequence[Mapping[str, PackageFacts]]:
    if not any(target.locked.records for target in targets):
        return [{} for _ in targets]
    from conda_multiplat.engines.conda.solver import RattlerEngine

    requests = [
        request(
            target.target,
            default_channels=settings.channels,
            channel_priority=target.lock.channel_priority or settings.channel_priority,
        )
        for target in targets
    ]
    records = [target.locked.records for target in targets]
    asked = [SolvedRequest(*pair) for pair in zip(requests, records, strict=True)]
    engine = RattlerEngine(settings, project.folder)
    with while_reading(engine, requests, console, "looking up licences"):
        return engine.facts(asked)


def _of_files(
    project: Project,
    settings: Settings,
    console: Console,
    targets: Sequence[LockedTarget],
    parts: Sequence[LockedTarget],
) -> dict[str, PackageFacts]:
    """Return the facts stated in PyPI files of some targets, by URL."""
    if not any(part.locked.pypi for part in parts):
        return {}
    from conda_multiplat.engines.pypi.conda_names import name_table
    from conda_multiplat.engines.pypi.resolver import UvEngine
    from conda_multiplat.engines.web import UnfetchedError

    engine = UvEngine(settings, project.folder)
    stated: dict[str, PackageFacts] = {}
    unread: list[str] = []
    try:
        asked: dict[str, tuple[PypiRecord, Future[PackageFacts]]] = {}
        for target, part in zip(targets, parts, strict=True):
            wanted = pypi_request(target.target, target.locked.records, name_table())
            for record in part.locked.pypi:
                if record.url not in asked:
                    asked[record.url] = (record, engine.facts(wanted, record))
        futures = [future for _, future in asked.values()]
        with waiting(console, lambda: f"PyPI: looked up licences of {done_of(futures)} packages"):
            for url, (record, future) in asked.items():
                error = future.exception()
                if isinstance(error, UnfetchedError):
                    unread.append(f"{record.name} {record.version}: {url}: {error.reason}")
                else:
                    stated[url] = future.result()
    finally:
        engine.close()
    _refuse_unread(unread, settings)
    return stated


def _refuse_unread(lines: Sequence[str], settings: Settings) -> None:
    """Refuse to continue if the metadata of some files could not be read.

    Raises:
        OutsideError: with each such file.
    """
    if lines:
        offline = "conda is configured to be offline"
        hint = offline if settings.offline else "check the index, the network and the proxy"
        raise OutsideError(
            "the metadata of PyPI packages can't be read",
            details=lines,
            hints=[hint],
        )
