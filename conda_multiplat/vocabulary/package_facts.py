"""What a channel or an index states about a package, apart from what a lock contains."""

from __future__ import annotations

from typing import NamedTuple


class PackageFacts(NamedTuple):
    """Statements about a package, as they are written there.

    Attributes:
        license: ``license`` of a channel's repodata; of PyPI's metadata ``License-Expression``
            (PEP 639) or, where that is missing, ``License``.
        family: ``license_family`` of a channel's repodata.
        classifiers: PyPI's ``License ::`` classifiers.
        missing: why nothing is known; ``""`` if it was looked up.
    """

    license: str = ""
    family: str = ""
    classifiers: tuple[str, ...] = ()
    missing: str = ""
