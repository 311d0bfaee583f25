"""``conda multiplat info``: show this machine, and which environments it can run."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conda_multiplat.actions.environment_states import LockState, lock_state, prefix_state
from conda_multiplat.actions.install.choose_environment import Choice, checked
from conda_multiplat.actions.install.choose_prefix import own_prefix
from conda_multiplat.actions.tool_versions import caches, versions
from conda_multiplat.cli.options import flag
from conda_multiplat.engines.detect_virtual_packages import virtual_packages
from conda_multiplat.lockfile.overview import IN_SYNC, MISSING
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import shown
from conda_multiplat.machine.folder_size import FolderSize
from conda_multiplat.machine.project import Project, load_project
from conda_multiplat.vocabulary.byte_sizes import size
from conda_multiplat.vocabulary.columns import columns
from conda_multiplat.vocabulary.errors import LockFileError, ManifestError, MultiplatError
from conda_multiplat.vocabulary.exclude_newer import Rule
from conda_multiplat.vocabulary.names import VirtualPackage
from conda_multiplat.vocabulary.styled import Line, Span

EXAMPLES = """\
examples:
  conda multiplat info                      # virtual packages, and which environments run here
  CONDA_OVERRIDE_CUDA=12.4 conda multiplat info     # as if the driver had CUDA 12.4
  conda multiplat info --matrix             # what is locked for which platform, and what it needs
  conda multiplat info --html > locks.html
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    flag(parser, "--matrix", "matrix", "a table of all locks: environments by platforms")
    flag(parser, "--markdown", "matrix_markdown", "that table as Markdown")
    flag(parser, "--html", "matrix_html", "that table as a standalone HTML page")


#: Virtual packages that are slow to detect: conda detects them only if they are named.
_ALL = ("__archspec", "__cuda", "__cuda_arch")


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Show the machine and, if there is a manifest, which of its environments fit."""
    if args.matrix or args.matrix_markdown or args.matrix_html:
        return _show_matrix(args, settings, console)
    packages = virtual_packages(settings, _ALL)
    project = _project(args.files, settings)
    source = "conda" if settings.detect is not None else "detected"
    origins = {package.name: _origin(package.name, os.environ, source) for package in packages}
    hooks = settings.hooks()
    tools, folders = versions(settings), caches(settings)
    for line in columns([*_tools(tools), *_caches(folders)]):
        console.show([Span(" "), *line])
    console.show(f" platform  {settings.subdir}")
    for package in packages:
        console.show(f"   {package}  ({origins[package.name]})")
    for name, choice in hooks.items():
        console.show(f" {name}  {choice}")
    fits = _show_project(project, settings, console) if project else {}
    console.result(
        {
            "versions": dict(tools),
            "caches": [_cache_document(*folder) for folder in folders.items()],
            "platform": settings.subdir,
            "virtual_packages": [_document(package, origins[package.name]) for package in packages],
            "settings": dict(hooks),
            "manifest": list(project.sources) if project else [],
            **_exclude_newer(project),
            "environments": fits,
        }
    )
    return 0


def _show_matrix(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Show the table of all locks, which does not depend on the machine."""
    from conda_multiplat.actions.overview import overview
    from conda_multiplat.cli.show import matrix

    project = load_project(args.files, host_subdirs=(settings.subdir,))
    cells = overview(project)
    if args.matrix_html:
        console.show_file(matrix.html(cells, project.manifest.name or project.folder.name))
    elif args.matrix_markdown:
        console.show_file("\n".join(matrix.markdown(cells)))
    else:
        width = console.answer_width
        for line in matrix.text(cells, width and width - 1):
            console.show([Span(" "), *line] if line else "")
    console.result({"matrix": [cell.to_dict() for cell in cells]})
    return 0


def _show_project(project: Project, settings: Settings, console: Console) -> dict[str, Any]:
    """Show which environments this machine can run, and return that for ``--json``."""
    console.show(f" manifest  {', '.join(map(shown, project.files))}")
    if words := project.manifest.exclude_newer.conda.words():
        console.show(f" exclude-newer  {words}")
    fits: dict[str, Any] = {}
    for name in project.manifest.environments:
        answer = checked(project, name, settings)
        reasons, lock = _reasons(answer), lock_state(project, name)
        can = "can't" if reasons else "can"
        console.show(f"   {name}: this machine {can} run it")
        for reason in () if _is_of_lock(answer, lock) else reasons:
            _show_indented(5, reason, console)
        console.show(f"     {shown(project.lock_path(name))}  ({lock.state})")
        for reason in () if lock.state == MISSING else lock.reasons:
            _show_indented(7, reason, console)
        where = own_prefix(project, name, settings) if project.manifest.conda_name(name) else None
        choice = answer if isinstance(answer, Choice) else None
        state = prefix_state(project, choice, where) if where else None
        if state:
            console.show(f"     {where}  ({state.words})")
        fits[name] = {
            "fits": not reasons,
            "reasons": reasons,
            "lock": {"state": lock.state, "reasons": list(lock.reasons)},
            "prefix": str(where) if where else None,
            "installed": bool(state and state.installed),
            "as_locked": state.as_locked if state else None,
        }
    return fits


def _is_of_lock(answer: Choice | MultiplatError, lock: LockState) -> bool:
    """Return whether the lock's state already says why this machine can't run an environment."""
    return isinstance(answer, LockFileError) and lock.state != IN_SYNC


def _show_indented(indent: int, text: str, console: Console) -> None:
    """Show a text, which can have several lines."""
    for line in text.splitlines():
        console.show(f"{' ' * indent}{line}")


def _tools(tools: Mapping[str, str | None]) -> Iterator[Line]:
    for name, number in tools.items():
        otherwise = "not used" if name == "conda" else "not found"
        yield Span(name), Span(number or otherwise), Span("")


def _caches(folders: Mapping[str, FolderSize]) -> Iterator[Line]:
    for name, cache in folders.items():
        more = "" if cache.whole else "over "
        yield Span(name), Span(f"{more}{size(cache.bytes)}"), Span(str(cache.folder))


def _cache_document(name: str, cache: FolderSize) -> dict[str, Any]:
    return {
        "name": name,
        "folder": str(cache.folder),
        "bytes": cache.bytes,
        "whole": cache.whole,
    }


def _exclude_newer(project: Project | None) -> dict[str, Any]:
    """Return the manifest's ``exclude-newer`` for ``--json``; empty if it has none."""
    rule = project.manifest.exclude_newer.conda if project else Rule()
    return {"exclude_newer": rule.content()} if any(rule) else {}


def _project(files: Sequence[str], settings: Settings) -> Project | None:
    """Return the project; ``None`` if there is none and no file was named.

    Its MatchSpecs are checked here: otherwise each lock would be reported as unreadable.
    """
    from conda_multiplat.engines.conda.specs import check_spec

    try:
        return load_project(files, host_subdirs=(settings.subdir,), check_spec=check_spec)
    except ManifestError as error:
        if files or error.problems:
            raise
        return None


def _reasons(answer: Choice | MultiplatError) -> list[str]:
    """Return why this machine can't run an environment; empty if it can."""
    if isinstance(answer, Choice):
        return []
    return [answer.message, *answer.details, *map(str, answer.problems)]


def _origin(name: str, environ: Mapping[str, str], otherwise: str) -> str:
    variable = f"CONDA_OVERRIDE_{name.removeprefix('__').upper()}"
    return variable if environ.get(variable) else otherwise


def _document(package: VirtualPackage, origin: str) -> dict[str, str]:
    return {
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "from": origin,
    }
