"""Projects that a target gets from both conda and PyPI.

conda's ``ninja`` and ``cmake`` don't depend on Python, so nothing tells that they provide the PyPI
project of the same name (whose wheel has more than the program: the modules that Python imports).
If a PyPI package needs the project, it is locked from PyPI too. Often both contain the same files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.names import project_name
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord


class Twice(NamedTuple):
    """A project that is locked from both sides.

    Attributes:
        conda: the name of conda's package.
        conda_version: its version.
        pypi: the name of PyPI's project.
        pypi_version: its version.
        needed_by: the PyPI packages that need it; empty if only the manifest requires it.
    """

    conda: str
    conda_version: str
    pypi: str
    pypi_version: str
    needed_by: tuple[str, ...]

    def lines(self, where: Sequence[Target]) -> list[str]:
        """Return the lines of the warning, for the targets that it applies to."""
        verb = "needs" if len(self.needed_by) == 1 else "need"
        by = f", which {' and '.join(self.needed_by)} {verb}" if self.needed_by else ""
        names = f"{{pypi-names: {{{self.conda}: {self.pypi}}}}}"
        return [
            f"{self.pypi} is locked twice: conda's {self.conda_version} and "
            f"PyPI's {self.pypi_version}{by}  ({', '.join(map(str, where))})",
            "install refuses them if both contain the same file",
            f"to keep only conda's, write `multiplat: {names}`; "
            f"to keep both, write `{self.conda}: null` there",
        ]


def locked_twice(
    target: Target, conda: Iterable[CondaRecord], pypi: Sequence[PypiRecord]
) -> list[Twice]:
    """Return a target's projects that both sides have, except those in ``pypi-names``."""
    stated_names = dict(target.pypi_names)
    projects = {record.name: record for record in pypi}
    duplicates = []
    for record in conda:
        name = project_name(record.name)
        if name in projects and record.name not in stated_names:
            needed_by = tuple(sorted(other.name for other in pypi if name in other.depends))
            version = projects[name].version
            duplicates.append(Twice(record.name, record.version, name, version, needed_by))
    return duplicates
