"""``conda multiplat render``: files that any conda can install, from the locks."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from conda_multiplat.actions.check.rendered import fresh_texts, standing
from conda_multiplat.actions.provenance import refuse_strays
from conda_multiplat.cli.options import environments_option, flag, platforms_option
from conda_multiplat.export.explicit import HashKind
from conda_multiplat.export.kinds import text
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
  conda multiplat render --existing                          (again, what is out of date)
  conda create --name robot --file conda-linux-64.lock      (any conda, no plugin)
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--kind",
        dest="kind",
        choices=("explicit", "environment"),
        help="explicit: conda-PLATFORM.lock; environment: a pinned environment.yml",
    )
    summary = "what was rendered before and is out of date, of each kind, with its kind of hash"
    flag(what, "--existing", "existing", summary)
    environments_option(parser)
    platforms_option(parser, "only these platforms")
    parser.add_argument(
        "--hash",
        dest="hash_kind",
        choices=("md5", "sha256"),
        default="md5",
        help="explicit: which hash; condas before 24.9 read md5 only (default)",
    )


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Render locks."""
    if args.existing:
        project = load_project_as_locked(args.files)
        texts = _again(project, args.environments, args.platforms)
    else:
        project = load_project(args.files, host_subdirs=(settings.subdir,))
        texts = _anew(project, args.environments, args.platforms, args.kind, args.hash_kind)
        if not texts:
            raise UsageError(f"nothing is locked for {', '.join(args.platforms) or 'any platform'}")
    write_all(texts)
    names = [shown(path) for path in texts]
    console.say(f" wrote {', '.join(names)}" if names else " as locked: nothing to write")
    console.result({"files": names})
    return 0


def _anew(
    project: Project,
    environments: Sequence[str],
    platforms: Sequence[str],
    kind: Kind,
    hash_kind: HashKind,
) -> dict[Path, str]:
    """The files of one kind, with the requirements beside explicit ones."""
    kinds: tuple[Kind, ...] = (kind, "requirements") if kind == "explicit" else (kind,)
    texts: dict[Path, str] = {}
    for name in select_environments(project.manifest, environments):
        lock = project.existing_lock(name)
        for target in targets(project.manifest, [name]):
            if target.subdir in lock.platforms:
                refuse_strays(project, target, lock)
        for subdir in _subdirs(lock, platforms, all_of_them=len(environments) == 1):
            for file_kind in kinds:
                content = text(file_kind, project.manifest, lock, subdir, hash_kind)
                if content is not None:
                    texts[project.folder / rendered_name(file_kind, name, subdir)] = content
    return texts


def _again(
    project: Project, environments: Sequence[str], platforms: Sequence[str]
) -> dict[Path, str]:
    """The files that stand beside the locks and are not what those say."""
    names = select_environments(project.manifest, environments)
    files = standing(rendered_files(project.folder), names)
    return fresh_texts(project, [f for f in files if not platforms or f.subdir in platforms])


def _subdirs(lock: LockFile, platforms: Sequence[str], *, all_of_them: bool) -> Iterator[str]:
    """The wanted platforms of a lock; not every environment need have each of them."""
    for subdir in platforms or lock.platforms:
        if subdir in lock.platforms:
            yield subdir
        elif all_of_them:
            hint = did_you_mean(subdir, lock.platforms, f"locked: {', '.join(lock.platforms)}")
            raise UsageError(f"{lock.environment} is not locked for {subdir!r}", hints=[hint])
