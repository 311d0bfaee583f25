"""PyPI's packages of an image: wheels, fetched, verified and unpacked for its platform."""

from __future__ import annotations

from collections.abc import Sequence

from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.records import PypiRecord


def refuse_unbuilt(records: Sequence[PypiRecord]) -> None:
    """Refuse PyPI packages that would have to be built.

    Raises:
        UsageError: with all of them.
    """
    if others := list(records):  # until wheels are unpacked here
        raise UsageError(
            "PyPI packages are not put into images yet",
            details=[f"{record.name} {record.version}: {record.url}" for record in others],
        )
