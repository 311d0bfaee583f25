"""Name targets that agree in something in as few words as possible."""

from __future__ import annotations

from collections.abc import Sequence

from conda_multiplat.manifest.targets import Target


def where(agreeing: Sequence[Target], targets: Sequence[Target]) -> str:
    """Return words for the targets that agree.

    If they are some platforms of all environments, only the platforms are named; if they are all
    platforms of some environments, only the environments.

    Args:
        agreeing: the targets that agree.
        targets: all targets.
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
