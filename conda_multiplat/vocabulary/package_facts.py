"""What a channel or an index states of a package beside what is locked."""

from __future__ import annotations

from typing import NamedTuple


class PackageFacts(NamedTuple):
    """What is stated of a package, as it is written there.

    Attributes:
        license: ``license`` of a channel's repodata; of PyPI's metadata ``License-Expression``
            (PEP 639) or, where that is missing, ``License``.
        family: ``license_family`` of a channel's repodata.
        classifiers: PyPI's ``License ::`` classifiers.
        missing: why nothing is known; ``""`` where it was looked up.
    """

    license: str = ""
    family: str = ""
    classifiers: tuple[str, ...] = ()
    missing: str = ""
