"""The kinds of files that are rendered from a lock: how ours begin, and what they say."""

from __future__ import annotations

from collections.abc import Mapping

from conda_multiplat.export import environment, explicit, requirements
from conda_multiplat.export.explicit import HashKind
from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.manifest.model import Manifest
from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.file_names import Kind
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT

#: The first lines of our files, up to where they differ: a file without is not ours.
MARKS: Mapping[Kind, str] = {
    "explicit": "# This file may be used to create an environment using:\n# $ conda create ",
    "requirements": "# This file may be used in the environment that the explicit file has made:\n",
    "environment": "# This file may be used to create an environment using:\n# $ conda env create",
}


def text(
    kind: Kind, manifest: Manifest, lock: LockFile, subdir: str, hash_kind: HashKind = "md5"
) -> str | None:
    """What a file says, with LF line ends; ``None`` where there is no such file.

    Requirements stand beside an explicit file, where there are any.

    Raises:
        UsageError: the platform is not locked.
        LockFileError: a record has no hash, in an explicit file.
    """
    if kind == "explicit":
        return explicit.render(lock, subdir, hash_kind)
    if kind == "requirements":
        return requirements.render(lock, subdir) if lock.platforms[subdir].pypi else None
    name = lock.environment
    variables = manifest.variables.get(subdir, {})
    options = _options(manifest, name, subdir)
    return environment.render(lock, subdir, _name(manifest, name), variables, options)


def _name(manifest: Manifest, environment: str) -> str | None:
    """The conda environment's name: the manifest's, with the environment's own where it has one."""
    name = manifest.name
    return name if name is None or environment == DEFAULT_ENVIRONMENT else f"{name}-{environment}"


def _options(manifest: Manifest, environment: str, subdir: str) -> list[str]:
    """The options of ``pip:`` that say where packages come from, without credentials."""
    entries = [requirement.text for requirement in manifest.view(environment, subdir).pypi]
    return [public_name(entry) for entry in entries if entry.startswith("-") and entry[:2] != "-e"]
