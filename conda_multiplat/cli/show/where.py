"""The targets that agree in something, in as few words as there are."""

from __future__ import annotations

from collections.abc import Sequence

from conda_multiplat.manifest.targets import Target


def where(agreeing: Sequence[Target], targets: Sequence[Target], *, everywhere: bool) -> str:
    """The targets that agree, of all that were looked at.

    Args:
        agreeing: they.
        targets: all.
        everywhere: whether no other could agree.
    """
    environments = {target.environment for target in targets}
    if everywhere and len(agreeing) > 1:
        return "everywhere" if len(environments) > 1 else "all platforms"
    if len(environments) == 1:
        return ", ".join(target.subdir for target in agreeing)
    return ", ".join(map(str, agreeing))
