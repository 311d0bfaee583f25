"""``conda multiplat check``: whether every lock answers its manifest; see ``checking``."""

from __future__ import annotations

from collections.abc import Sequence

from conda_multiplat.checking import verdicts
from conda_multiplat.console import Console
from conda_multiplat.names import unique
from conda_multiplat.project import load_project_as_locked
from conda_multiplat.verdict import Verdict


def check(
    *,
    files: Sequence[str] = (),
    environments: Sequence[str] = (),
    strict: bool = False,
    console: Console,
) -> int:
    """Check the locks of a project; see ``conda multiplat check --help``.

    Returns:
        0 where all are in sync or, without ``strict``, still met; else 1.
    """
    project = load_project_as_locked(files)
    found = verdicts(project, environments)
    for line in lines(found, strict=strict):
        console.show(line)
    failed = any(each.fails(strict=strict) for each in found)
    console.result({"in_sync": not failed, "files": [each.to_dict() for each in found]})
    return 1 if failed else 0


def lines(found: Sequence[Verdict], *, strict: bool) -> list[str]:
    """What a person reads: what is wrong, each file's reasons, and what to run, once."""
    said = [line for each in found for line in each.lines()]
    ways = [each.way for each in found if each.fails(strict=strict)]
    good = [each.file for each in found if not each.fails(strict=True)]
    if good and not said:
        said.append(f"in sync: {', '.join(good)}")
    return [*said, *unique(ways)]
