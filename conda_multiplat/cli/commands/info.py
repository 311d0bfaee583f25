"""``conda multiplat info``: this machine, and which environments it can run."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass

from conda_multiplat.actions.install.choose_environment import Choice, checked
from conda_multiplat.engines.detect import virtual_packages
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import shown
from conda_multiplat.machine.project import Project, load_project
from conda_multiplat.machine.settings import Settings
from conda_multiplat.vocabulary.errors import ManifestError, MultiplatError
from conda_multiplat.vocabulary.names import VirtualPackage

EXAMPLES = """\
examples:
  conda multiplat info                      virtual packages, and what can be installed here
  CONDA_OVERRIDE_CUDA=12.4 conda multiplat info     as if the driver had CUDA 12.4
"""


def configure(_: argparse.ArgumentParser) -> None:
    """Nothing beyond what every command takes."""


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    return info(files=tuple(args.files), settings=settings, console=console)


#: Asked for by name, since conda leaves out what takes long unless somebody needs it.
_ALL = ("__archspec", "__cuda", "__cuda_arch")


@dataclass(frozen=True)
class _Fit:
    """Whether this machine can run an environment; ``reasons`` why not."""

    environment: str
    reasons: tuple[str, ...]


def info(*, files: tuple[str, ...] = (), settings: Settings, console: Console) -> int:
    """Show the machine and the environments; see ``conda multiplat info --help``.

    Returns:
        0, whether or not there is a manifest.
    """
    packages = virtual_packages(settings, _ALL)
    project = _project(files, settings)
    fits = (
        [_fit(project, name, settings) for name in project.manifest.environments] if project else []
    )
    where = "conda" if settings.detect is not None else "detected"
    origins = {each.name: _origin(each.name, os.environ, where) for each in packages}
    console.show(f" platform  {settings.subdir}")
    for each in packages:
        console.show(f"   {each}  ({origins[each.name]})")
    hooks = settings.hooks()
    for name, choice in hooks.items():
        console.show(f" {name}  {choice}")
    if project:
        console.show(f" manifest  {', '.join(shown(project.folder / f) for f in project.sources)}")
    for fit in fits:
        console.show(f"   {fit.environment}: {'no' if fit.reasons else 'this machine can run it'}")
        for reason in fit.reasons:
            console.show(f"     {reason}")
    console.result(
        {
            "platform": settings.subdir,
            "virtual_packages": [_document(each, origins[each.name]) for each in packages],
            "settings": dict(hooks),
            "manifest": list(project.sources) if project else [],
            "environments": {
                each.environment: {"fits": not each.reasons, "reasons": list(each.reasons)}
                for each in fits
            },
        }
    )
    return 0


def _project(files: tuple[str, ...], settings: Settings) -> Project | None:
    """The project here; without one there is still the machine to show."""
    try:
        return load_project(files, host_subdirs=(settings.subdir,))
    except ManifestError as error:
        if files or error.problems:
            raise
        return None


def _fit(project: Project, name: str, settings: Settings) -> _Fit:
    found = checked(project, name, settings)
    if isinstance(found, Choice):
        return _Fit(name, ())
    return _Fit(name, (found.message, *_lines(found)))


def _lines(error: MultiplatError) -> list[str]:
    return [*error.details, *map(str, error.problems)]


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
