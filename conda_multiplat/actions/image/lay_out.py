"""The content of an image's prefix: packages linked into a temporary folder, and conda's own files.

Most of these files are hard links into the cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from conda_multiplat.actions.image.wheels import unpacked_wheels
from conda_multiplat.actions.install.choose_environment import Choice
from conda_multiplat.actions.install.file_owners import refuse_two_owners
from conda_multiplat.actions.install.prefix_changes import channels
from conda_multiplat.activation.model import Activation
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.oci.layers import Entry
from conda_multiplat.machine.oci.linked_packages import Linked, Place, linked_packages
from conda_multiplat.machine.prefix import Revision, append_history, set_variables
from conda_multiplat.machine.prefix_files import owners
from conda_multiplat.machine.prefix_records import complete_records, meta
from conda_multiplat.machine.progress import Progress
from conda_multiplat.machine.project import Project
from conda_multiplat.machine.read_activation import read_activation
from conda_multiplat.machine.site_packages import site_packages
from conda_multiplat.vocabulary.file_names import rendered_name
from conda_multiplat.vocabulary.oci import PREFIX
from conda_multiplat.vocabulary.records import python_of

#: The prefix as paths of an archive have it.
ROOT = PREFIX.removeprefix("/")


class LaidOut(NamedTuple):
    """The content of an environment's prefix.

    Attributes:
        conda: its conda packages.
        pypi: its PyPI packages.
        own: the files of no package: the history, the variables, the bill of materials.
        activation: what activating it does.
        seconds: the time of files without their own, in seconds since 1970.
    """

    conda: Sequence[Linked]
    pypi: Sequence[Linked]
    own: Sequence[Entry]
    activation: Activation
    seconds: int

    @property
    def paths(self) -> set[str]:
        """The paths of all packages' files, relative to the image's root."""
        packages = (*self.conda, *self.pypi)
        return {entry.path for package in packages for entry in package.entries}


@contextmanager
def laid_out(
    project: Project, choice: Choice, settings: Settings, bar: Progress, seconds: int
) -> Iterator[LaidOut]:
    """Provide the content of an environment's prefix in a temporary folder.

    Raises:
        OutsideError: a package can't be fetched, is not what was locked, or has files of another.
    """
    from conda_multiplat.engines.conda.install import linked_aside

    locked = choice.locked
    with linked_aside(
        locked.records,
        settings.subdir,
        settings=settings,
        channels=channels(project, choice, settings),
        progress=bar,
        mended={record.name for record in locked.records},  # verify all cached content
        of=Path(PREFIX),
        written=PREFIX,
        requested=locked.requested,
    ) as prefix:
        complete_records(prefix, {record.name for record in locked.records})
        place = Place.of(prefix, ROOT, seconds)
        conda = linked_packages(place)
        site_folder = _site_packages(prefix, choice)
        pypi = unpacked_wheels(project, choice, place, site_folder, settings, bar=bar)
        _refuse_two_owners(prefix, pypi)
        own = _own(project, choice, prefix, settings.subdir, seconds)
        environment = LaidOut(conda, pypi, own, _activation(prefix, settings), seconds)
        bill = _sbom(project, choice, settings.subdir, environment)
        yield environment._replace(own=[*own, bill])


def _site_packages(prefix: Path, choice: Choice) -> str:
    """Return the ``site-packages`` folder of the environment's Python, relative to the prefix."""
    python = python_of(choice.locked.records)
    folder = site_packages(prefix, python)
    minor = ".".join(python.split(".")[:2])
    here = folder.relative_to(prefix).as_posix() if folder else ""
    return here or f"lib/python{minor}/site-packages"


def _refuse_two_owners(prefix: Path, pypi: Sequence[Linked]) -> None:
    """Refuse paths that both conda and PyPI packages have.

    Raises:
        OutsideError: there are such paths.
    """
    files = {
        package.name: [entry.path.removeprefix(f"{ROOT}/") for entry in package.entries]
        for package in pypi
    }
    refuse_two_owners(owners(prefix), files, Path(PREFIX), prefix)


def _own(project: Project, choice: Choice, prefix: Path, subdir: str, seconds: int) -> list[Entry]:
    """Write the files that make a prefix an environment for conda, and return their entries."""
    history = meta(prefix) / "history"
    history.write_bytes(b"")
    revision = Revision(
        command=f"conda multiplat image -e {choice.environment}",
        removed=(),
        added=choice.locked.records,
        requested=choice.locked.requested,
        previously=(),
        seconds=seconds,
    )
    append_history(prefix, revision)
    set_variables(prefix, dict(project.manifest.variables.get(subdir, {})), ())
    files = [path for path in (history, meta(prefix) / "state") if path.exists()]
    return [Entry(f"{ROOT}/conda-meta/{path.name}", path, seconds) for path in files]


def sbom_path(environment: str, subdir: str) -> str:
    """Return the path of an image's bill of materials, relative to the prefix."""
    return f"share/sbom/{rendered_name('sbom', environment, subdir)}"


def _sbom(project: Project, choice: Choice, subdir: str, environment: LaidOut) -> Entry:
    """Return the bill of materials, with the licences that the packages themselves state."""
    from conda_multiplat.actions.sbom import sbom_of

    facts = {
        (manager, package.name): package.facts
        for manager, packages in (("conda", environment.conda), ("pypi", environment.pypi))
        for package in packages
    }
    lock = project.existing_lock(choice.environment, [subdir])
    text = sbom_of(project, lock, subdir, facts)
    path = f"{ROOT}/{sbom_path(choice.environment, subdir)}"
    return Entry(path, text.encode(), environment.seconds)


def _activation(prefix: Path, settings: Settings) -> Activation:
    """Return the environment's activation at its final prefix, independently of this machine."""
    plain = replace(settings, changeps1=False, envvars_force_uppercase=True, root_prefix=None)
    here = read_activation(prefix, plain)

    def there(scripts: Sequence[str]) -> tuple[str, ...]:
        return tuple(script.replace(str(prefix), PREFIX, 1) for script in scripts)

    return replace(here, prefix=PREFIX, name=PREFIX, on=there(here.on), off=there(here.off))
