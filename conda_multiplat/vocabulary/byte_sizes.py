"""Numbers of bytes: as a person reads them, and sums of which parts are not known."""

from __future__ import annotations

from collections.abc import Iterable

_UNITS = ("B", "kB", "MB", "GB", "TB")
_STEP = 1000
#: No archive of a package is as large, nor has a size of more digits.
_DIGITS = 15


def size(count: int) -> str:
    """A number of bytes in words: ``12.3 MB``, units of a thousand, as disks are sold."""
    value, unit = float(count), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{count} B"


def read_size(text: object) -> int | None:
    """A number of bytes as it is written; ``None`` for what is none."""
    if not isinstance(text, str) or not (text.isascii() and text.isdecimal()):
        return None
    return int(text) if len(text) <= _DIGITS else None


def plausible(count: int | None) -> int | None:
    """A size that somebody states, where a file can have it; else ``None``, as for none stated."""
    return count if count is not None and 0 < count < 10**_DIGITS else None


def total_document(sizes: Iterable[int | None]) -> dict[str, int]:
    """The sum of those sizes that are known, and how many are not, for ``--json``."""
    known = list(sizes)
    return {"bytes": sum(each or 0 for each in known), "of_unknown_size": known.count(None)}


def total_words(sizes: Iterable[int | None]) -> str:
    """A sum in words: ``1.2 GB``, ``over 1.2 GB`` where some are unknown, ``""`` where all are."""
    known = list(sizes)
    if all(each is None for each in known):
        return ""
    count = size(sum(each or 0 for each in known))
    return f"over {count}" if None in known else count


def download_size(sizes: Iterable[int | None]) -> str:
    """What archives have, in the cache or not; ``""`` where no size is known."""
    total = total_words(sizes)
    return f"download size {total}" if total else ""


def noted(*parts: str) -> str:
    """Those parts that are not empty, in brackets: the end of a summary."""
    said = ", ".join(filter(None, parts))
    return f" ({said})" if said else ""


def between(sizes: Iterable[int | None]) -> str:
    """What several have, in words: ``7.1 MB``, ``7.1-8.0 MB``, ``?`` where nobody knows."""
    known = [each for each in sizes if each is not None]
    if not known:
        return "?"
    least, most = size(min(known)), size(max(known))
    if least == most:
        return least
    number, _, unit = least.partition(" ")
    return f"{number if unit == most.partition(' ')[2] else least}-{most}"
