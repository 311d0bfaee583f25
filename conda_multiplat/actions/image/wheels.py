"""The PyPI packages of an image: wheels, downloaded, verified and unpacked for its platform."""

from __future__ import annotations

from collections.abc import Sequence

from conda_multiplat.actions.install.choose_environment import Choice
from conda_multiplat.actions.install.pypi_side import installer
from conda_multiplat.export.packed import can_be_packed
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.oci.linked_packages import Linked, Place, unpacked_package
from conda_multiplat.machine.progress import Progress
from conda_multiplat.machine.project import Project
from conda_multiplat.vocabulary.channels import file_of
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.package_facts import PackageFacts
from conda_multiplat.vocabulary.records import PypiRecord


def refuse_unbuilt(records: Sequence[PypiRecord]) -> None:
    """Refuse PyPI packages that would have to be built.

    Raises:
        UsageError: with all of them.
    """
    if others := [record for record in records if not can_be_packed(record)]:
        raise UsageError(
            "PyPI packages of an image have to be wheels: nothing is built for another machine",
            details=[f"{record.name} {record.version}: {record.url}" for record in others],
            hints=[
                "build a wheel of it, and name that in the manifest: pip: ./dist/NAME.whl",
                "or allow only wheels of it: pip: --only-binary NAME; then lock again",
            ],
        )


def unpacked_wheels(
    project: Project,
    choice: Choice,
    place: Place,
    site_packages: str,
    settings: Settings,
    *,
    bar: Progress,
) -> list[Linked]:
    """Unpack an environment's wheels, each into a folder of its own beside the prefix.

    Args:
        project: for the indexes and their logins.
        choice: the environment.
        place: where its conda packages are, and where both will be.
        site_packages: the folder of its Python's packages, relative to the prefix.
        settings: conda's settings.
        bar: the progress, two steps a package.

    Raises:
        OutsideError: a wheel can't be fetched, is not what was locked, or can't be unpacked.
    """
    records = choice.locked.pypi
    if not records:
        return []
    from conda_multiplat.engines.pypi.facts import read_facts
    from conda_multiplat.engines.pypi.unpack import unpack_wheel
    from conda_multiplat.engines.pypi.wheel_files import download_wheels

    known = installer(project, choice, place.prefix, settings)
    aside = place.prefix.parent / "wheels"
    files, prefix = aside / "files", f"/{place.root}"
    files.mkdir(parents=True)
    wheels = download_wheels(records, files, project.folder, known, settings=settings, progress=bar)
    packages = []
    for record in records:
        bar.now(record.name)
        folder, wheel = aside / "unpacked" / record.name, wheels[record].path
        wheel = wheel.rename(wheel.with_name(file_of(record.url)))  # its name is parsed
        metadata = unpack_wheel(record, wheel, folder, prefix, site_packages)
        wheel.unlink()
        facts = read_facts(metadata) or PackageFacts()
        packages.append(unpacked_package(record.name, folder, place, facts))
        bar.step()
    return packages
