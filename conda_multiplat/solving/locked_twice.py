"""Projects that a target has from conda and from PyPI: a program that needs no Python is both.

conda's ``ninja`` or ``cmake`` depends on no Python, so that it is not known to bring the project of
its name (its wheel has more than the program: what Python imports). What needs the project gets
PyPI's. Often both have the same files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.names import project_name
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord


class Twice(NamedTuple):
    """A name that both sides have.

    Attributes:
        conda: conda's package, by name.
        conda_version: its version.
        pypi: PyPI's project.
        pypi_version: its version.
        needed_by: the PyPI packages that need it; none where only the manifest asks for it.
    """

    conda: str
    conda_version: str
    pypi: str
    pypi_version: str
    needed_by: tuple[str, ...]

    def lines(self, where: Sequence[Target]) -> list[str]:
        """What is said of it."""
        verb = "needs" if len(self.needed_by) == 1 else "need"
        by = f", which {' and '.join(self.needed_by)} {verb}" if self.needed_by else ""
        return [
            f"{self.pypi} is locked twice: conda's {self.conda_version} and "
            f"PyPI's {self.pypi_version}{by}  ({', '.join(map(str, where))})",
            "install refuses them where a file would be of both",
            f"to have conda's alone: multiplat: {{pypi-names: {{{self.conda}: {self.pypi}}}}}; "
            f"`{self.conda}: null` there says that both are meant",
        ]


def locked_twice(
    target: Target, conda: Iterable[CondaRecord], pypi: Sequence[PypiRecord]
) -> list[Twice]:
    """The names of a target that both sides have, but for those that ``pypi-names`` speaks of."""
    said = dict(target.pypi_names)
    projects = {record.name: record for record in pypi}
    found = []
    for record in conda:
        name = project_name(record.name)
        if name in projects and record.name not in said:
            needed_by = tuple(sorted(other.name for other in pypi if name in other.depends))
            version = projects[name].version
            found.append(Twice(record.name, record.version, name, version, needed_by))
    return found
