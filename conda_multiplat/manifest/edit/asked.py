"""What a change of a manifest is about."""

from __future__ import annotations

from dataclasses import dataclass

from conda_multiplat.manifest.model import Requirement
from conda_multiplat.vocabulary.selection import Selection


@dataclass(frozen=True)
class Asked:
    """What a change is about.

    Attributes:
        environment: whose own lines.
        name: the package's normalised name, or an entry of ``pip:`` as it is if it names none.
        pypi: whether it stands under ``pip:``.
        selection: on which platforms.
    """

    environment: str
    name: str
    pypi: bool
    selection: Selection

    def matches(self, requirement: Requirement) -> bool:
        """Whether a line has the name."""
        return self.name == (requirement.name or requirement.text)
