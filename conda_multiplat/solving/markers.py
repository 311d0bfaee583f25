"""Evaluate the markers of lines of ``pip:`` (PEP 508)."""

from __future__ import annotations

from collections.abc import Iterable

from conda_multiplat.manifest.model import Requirement
from conda_multiplat.vocabulary.markers import holds_for
from conda_multiplat.vocabulary.pip_options import CONSTRAINT


def required_projects(lines: Iterable[Requirement], subdir: str, python: str) -> list[str]:
    """Return the projects that lines of ``pip:`` require on a platform with a version of Python.

    Constraints are not requirements. If the version is not known (``""``), every marker counts as
    true.
    """
    return [
        line.name
        for line in lines
        if line.name
        and not line.text.startswith(CONSTRAINT)
        and holds_for(line.text, subdir, python)
    ]
