"""``conda multiplat render``: render locks as files for other tools."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from conda_multiplat.actions.check.rendered import fresh_texts, standing, text_of_everything
from conda_multiplat.actions.provenance import refuse_strays
from conda_multiplat.cli.options import dry_run_option, environments_option, flag, platforms_option
from conda_multiplat.export.explicit import HashKind
from conda_multiplat.export.kinds import EXPLICIT, OF_ALL, text
from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import rendered_files, shown, write_all
from conda_multiplat.machine.project import Project, load_project, load_project_as_locked
from conda_multiplat.manifest.targets import select_environments, targets
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.file_names import Kind, rendered_name
from conda_multiplat.vocabulary.names import did_you_mean

EXAMPLES = """\
examples:
  conda multiplat render --kind explicit --platform linux-64
  conda multiplat render --existing                          # files that are out of date
  conda multiplat render --kind pylock --platform linux-64   # PEP 751
  conda multiplat render --kind dockerfile --platform linux-64
  conda multiplat render --kind sbom                         # CycloneDX, with licences
  conda create --name robot --file conda-linux-64.lock      # any conda, no plugin
"""


#: The beginning of the error if nothing is locked for a kind of file.
_NOTHING = {"pylock": "no PyPI packages are", "dockerfile": "no Linux packages are"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--kind",
        dest="kind",
        choices=(
            *("explicit", "environment", "pylock", "pixi-lock", "snakemake"),
            *("dockerfile", "sbom"),
        ),
        help="explicit: conda-PLATFORM.lock; environment: a pinned environment.yml; "
        "pylock: pylock.PLATFORM.toml (PEP 751); pixi-lock: pixi.lock; "
        "snakemake: NAME.PLATFORM.pin.txt; "
        "dockerfile: PLATFORM.Dockerfile, and the explicit file that it uses; "
        "sbom: sbom-PLATFORM.cdx.json (CycloneDX)",
    )
    summary = "files that exist and are out of date; each keeps its kind of hash"
    flag(what, "--existing", "existing", summary)
    environments_option(parser)
    platforms_option(parser, "only these platforms")
    dry_run_option(parser, "show which files would be written, and write none")
    parser.add_argument(
        "--hash",
        dest="hash_kind",
        choices=("md5", "sha256"),
        default="md5",
        help="in explicit files, snakemake's too: conda before 24.9 reads only md5 (default)",
    )


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Render locks."""
    if args.existing:
        project = load_project_as_locked(args.files)
        texts = _again(project, settings, console, args.environments, args.platforms)
    else:
        project = load_project(args.files, host_subdirs=(settings.subdir,))
        if args.kind in OF_ALL:
            texts = _whole(project, args.kind, [*args.environments, *args.platforms])
        elif args.kind == "sbom":
            texts = _bills(project, settings, console, args.environments, args.platforms)
        else:
            texts = _anew(project, args.environments, args.platforms, args.kind, args.hash_kind)
        if not texts:
            what = _NOTHING.get(args.kind, "nothing is")
            raise UsageError(f"{what} locked for {', '.join(args.platforms) or 'any platform'}")
    write_all(texts, dry_run=args.dry)
    names = [shown(path) for path in texts]
    verb = "would write" if args.dry else "wrote"
    console.say(
        f" {verb} {', '.join(names)}" if names else " nothing to write: all files are up to date"
    )
    console.result({"dry_run": args.dry, "files": names})
    return 0


def _anew(
    project: Project,
    environments: Sequence[str],
    platforms: Sequence[str],
    kind: Kind,
    hash_kind: HashKind,
) -> dict[Path, str]:
    """Render the files of one kind, and the files that they refer to.

    Raises:
        UsageError: two environments would have the same file.
    """
    kinds = _with_others(kind)
    texts: dict[Path, str] = {}
    for lock, subdir in _locks(project, environments, platforms):
        contents = {kind: text(kind, project.manifest, lock, subdir, hash_kind) for kind in kinds}
        for file_kind, content in contents.items():
            if content is not None and contents[kind] is not None:
                path = project.folder / _file_name(project, file_kind, lock.environment, subdir)
                _refuse_twice(path, texts)
                texts[path] = content
    return texts


def _bills(
    project: Project,
    settings: Settings,
    console: Console,
    environments: Sequence[str],
    platforms: Sequence[str],
) -> dict[Path, str]:
    """Render bills of materials; the licences for all of them are looked up together."""
    from conda_multiplat.actions.sbom import sbom_texts

    locks = list(_locks(project, environments, platforms))
    names = [_file_name(project, "sbom", lock.environment, subdir) for lock, subdir in locks]
    texts = sbom_texts(project, settings, console, locks)
    return {project.folder / name: text for name, text in zip(names, texts, strict=True)}


def _locks(
    project: Project, environments: Sequence[str], platforms: Sequence[str]
) -> Iterator[tuple[LockFile, str]]:
    """Yield the locks of some environments, with each selected platform."""
    for name in select_environments(project.manifest, environments):
        lock = _trusted_lock(project, name)
        for subdir in _subdirs(lock, platforms, all_of_them=len(environments) == 1):
            yield lock, subdir


def _with_others(kind: Kind) -> tuple[Kind, ...]:
    """Return a kind, and those whose files it refers to, which are rendered with it."""
    if kind == "dockerfile":
        return (kind, "explicit", "requirements")
    return (kind, "requirements") if kind in EXPLICIT else (kind,)


def _trusted_lock(project: Project, environment: str) -> LockFile:
    """Return an environment's lock, if the manifest allows the sources of all its packages.

    Raises:
        LockFileError: it is missing, can't be read, or has packages from other sources.
    """
    lock = project.existing_lock(environment)
    for target in targets(project.manifest, [environment]):
        if target.subdir in lock.platforms:
            refuse_strays(project, target, lock)
    return lock


def _file_name(project: Project, kind: Kind, environment: str, subdir: str) -> str:
    return rendered_name(kind, environment, subdir, project.sources[0])


def _refuse_twice(path: Path, texts: Collection[Path]) -> None:
    if path in texts:
        hint = "render one of them with -e ENV"
        raise UsageError(f"two environments would both be written to {shown(path)}", hints=[hint])


def _whole(project: Project, kind: Kind, named: Sequence[str]) -> dict[Path, str]:
    """Render a kind that has one file for all environments and platforms.

    Raises:
        UsageError: some of them are named, or another tool has written the existing file.
    """
    path = project.folder / rendered_name(kind, "", "")
    if named:
        raise UsageError(
            f"{path.name} is one file for all environments and platforms: "
            "leave out -e and --platform"
        )
    if path.is_file() and not standing(project, [path]):
        hint = "it would be replaced: move it away if it is no longer needed"
        raise UsageError(f"{shown(path)} was not written by conda multiplat", hints=[hint])
    for name in project.manifest.environments:
        _trusted_lock(project, name)
    return {path: text_of_everything(project)}


def _again(
    project: Project,
    settings: Settings,
    console: Console,
    environments: Sequence[str],
    platforms: Sequence[str],
) -> dict[Path, str]:
    """Render existing files that no longer match the locks."""
    select_environments(project.manifest, environments)
    files = standing(project, rendered_files(project.folder), environments)
    wanted = [file for file in files if not platforms or file.subdir in platforms]
    return fresh_texts(project, wanted, settings, console)


def _subdirs(lock: LockFile, platforms: Sequence[str], *, all_of_them: bool) -> Iterator[str]:
    """Yield the selected platforms of a lock, which need not have each unless ``all_of_them``."""
    for subdir in platforms or lock.platforms:
        if subdir in lock.platforms:
            yield subdir
        elif all_of_them:
            hint = did_you_mean(subdir, lock.platforms, f"locked: {', '.join(lock.platforms)}")
            raise UsageError(f"{lock.environment} is not locked for {subdir!r}", hints=[hint])
