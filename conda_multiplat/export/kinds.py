"""The kinds of files that are rendered from a lock: how to recognise ours, and their texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conda_multiplat.export import (
    dockerfile,
    environment,
    explicit,
    pixi_lock,
    pylock,
    requirements,
)
from conda_multiplat.export.explicit import HashKind
from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.manifest.model import Manifest
from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.file_names import Kind, lock_name, rendered_name
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT
from conda_multiplat.vocabulary.pip_options import split_option

_CREATE = "# This file may be used to create an environment using:\n# $ conda "
#: The constant beginning of our files; other files are not ours.
MARKS: Mapping[Kind, str] = {
    "explicit": f"{_CREATE}create ",
    "snakemake": f"{_CREATE}create ",
    "requirements": "# This file may be used in the environment that the explicit file has made:\n",
    "environment": f"{_CREATE}env create",
    "pylock": "# PyPI packages, for an environment that has the locked conda packages:",
    "pixi-lock": "# Rendered by `conda multiplat render --kind pixi-lock`",
    "dockerfile": dockerfile.MARK,
    "sbom": """\
{
  "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
  "bomFormat": "CycloneDX",
  "specVersion": "1.6",
  "metadata": {
    "tools": {
      "components": [
        {
          "type": "application",
          "name": "conda-multiplat"
""",
}
#: Kinds that list URLs with hashes.
EXPLICIT: tuple[Kind, ...] = ("explicit", "snakemake")
#: Kinds with one file for all environments and platforms.
OF_ALL: tuple[Kind, ...] = ("pixi-lock",)


def text(
    kind: Kind, manifest: Manifest, lock: LockFile, subdir: str, hash_kind: HashKind = "md5"
) -> str | None:
    """Return the text of a platform's file, with LF line endings; ``None`` if there is none.

    A bill of materials is made by ``actions.sbom``, since it needs more than the lock. Requirements
    are written beside an explicit file if there are any.

    Raises:
        UsageError: the platform is not locked.
        LockFileError: a record has no hash, in a file whose entries have one.
    """
    if kind in EXPLICIT:
        name = rendered_name(kind, lock.environment, subdir, manifest.files[0])
        return explicit.render(lock, subdir, hash_kind, name)
    if kind in ("requirements", "pylock"):
        render = requirements.render if kind == "requirements" else pylock.render
        return render(lock, subdir) if lock.platforms[subdir].pypi else None
    name = lock.environment
    variables = manifest.variables.get(subdir, {})
    if kind == "dockerfile":
        return dockerfile.render(lock, subdir, variables)
    options = _options(manifest, name, subdir)
    return environment.render(lock, subdir, _name(manifest, name), variables, options)


def text_of_all(manifest: Manifest, locks: Sequence[LockFile]) -> str:
    """Return the text of the file for all environments, ``pixi.lock``."""
    indexes = {lock.environment: _indexes(manifest, lock) for lock in locks}
    return pixi_lock.render(locks, [lock_name(lock.environment) for lock in locks], indexes)


def _indexes(manifest: Manifest, lock: LockFile) -> list[str]:
    """Return the PyPI indexes that the manifest names for an environment, without credentials."""
    options = [
        split_option(entry)
        for subdir in lock.platforms
        for entry in _options(manifest, lock.environment, subdir)
    ]
    return list(dict.fromkeys(value for option, value in options if option in _INDEX_OPTIONS))


_INDEX_OPTIONS = ("-i", "--index-url", "--extra-index-url")


def _name(manifest: Manifest, environment: str) -> str | None:
    """Return the conda environment's name; ``None`` if the manifest has no name."""
    name = manifest.name
    return name if name is None or environment == DEFAULT_ENVIRONMENT else f"{name}-{environment}"


def _options(manifest: Manifest, environment: str, subdir: str) -> list[str]:
    """Return the options of ``pip:`` that say where packages come from, without credentials."""
    entries = [requirement.text for requirement in manifest.view(environment, subdir).pypi]
    return [public_name(entry) for entry in entries if entry.startswith("-") and entry[:2] != "-e"]
