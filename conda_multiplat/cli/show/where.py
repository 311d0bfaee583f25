"""The targets that agree in something, in as few words as there are."""

from __future__ import annotations

from collections.abc import Sequence

from conda_multiplat.manifest.targets import Target


def where(agreeing: Sequence[Target], targets: Sequence[Target]) -> str:
    """The targets that agree, of all that were looked at.

    What is so on some platforms of all environments is said by the platforms alone, and what is so
    in all of some environments by theirs.

    Args:
        agreeing: they.
        targets: all.
    """
    several = len({target.environment for target in targets}) > 1
    if 1 < len(agreeing) == len(targets):
        return "everywhere" if several else "all platforms"
    subdirs = dict.fromkeys(target.subdir for target in agreeing)
    if sum(target.subdir in subdirs for target in targets) == len(agreeing):
        return ", ".join(subdirs)
    environments = dict.fromkeys(target.environment for target in agreeing)
    whole = sum(target.environment in environments for target in targets)
    if 1 < len(agreeing) == whole:
        return f"all of {', '.join(environments)}"
    return ", ".join(map(str, agreeing))
