"""Sizes in bytes: formatting, parsing, and sums in which some sizes are unknown."""

from __future__ import annotations

from collections.abc import Iterable

_UNITS = ("B", "kB", "MB", "GB", "TB")
_STEP = 1000
#: The maximum number of digits of a size; more are taken for an error.
_DIGITS = 15


def size(count: int) -> str:
    """Format a number of bytes, with decimal units (1 kB = 1000 B): ``12.3 MB``."""
    value, unit = float(count), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{count} B"


def read_size(text: object) -> int | None:
    """Parse a number of bytes in decimal digits; ``None`` if ``text`` is not one."""
    if not isinstance(text, str) or not (text.isascii() and text.isdecimal()):
        return None
    return int(text) if len(text) <= _DIGITS else None


def plausible(count: int | None) -> int | None:
    """Return a stated size if a file can have it; otherwise ``None``, as if none were stated."""
    return count if count is not None and 0 < count < 10**_DIGITS else None


def total_document(sizes: Iterable[int | None]) -> dict[str, int]:
    """Return the sum of the known sizes and the number of unknown ones, for ``--json``."""
    counts = list(sizes)
    return {"bytes": sum(count or 0 for count in counts), "of_unknown_size": counts.count(None)}


def total_words(sizes: Iterable[int | None]) -> str:
    """Format a sum: ``1.2 GB``; ``over 1.2 GB`` if some are unknown, ``""`` if all are."""
    counts = list(sizes)
    if all(count is None for count in counts):
        return ""
    count = size(sum(count or 0 for count in counts))
    return f"over {count}" if None in counts else count


def download_size(sizes: Iterable[int | None]) -> str:
    """Format the total size of archives, cached ones included; ``""`` if no size is known."""
    total = total_words(sizes)
    return f"download size {total}" if total else ""


def bracketed(*parts: str) -> str:
    """Format the parts that are not empty, in brackets, for the end of a summary."""
    text = ", ".join(filter(None, parts))
    return f" ({text})" if text else ""


def size_range(sizes: Iterable[int | None]) -> str:
    """Format the range of several sizes: ``7.1 MB``, ``7.1-8.0 MB``, ``?`` if all are unknown."""
    known = [count for count in sizes if count is not None]
    if not known:
        return "?"
    least, most = size(min(known)), size(max(known))
    if least == most:
        return least
    number, _, unit = least.partition(" ")
    return f"{number if unit == most.partition(' ')[2] else least}-{most}"
