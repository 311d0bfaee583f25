"""Sizes of archives in what is shown: those of packages that tests build are nobody's business."""

from __future__ import annotations

import re

_SIZE = r"(over )?(\d+(\.\d)? [kMGT]?B|\?)"
_CELL = re.compile(rf" {{2,}}({_SIZE}|\d[^ ]*( [kM]?B)?-{_SIZE})(?=$|  )", re.MULTILINE)
_SUMMARY = re.compile(rf" \((\d+ (changed|new), )?download size {_SIZE}\)")


def without_sizes(text: str) -> str:
    """Return a text without the column of sizes and the brackets in the summary."""
    return _SUMMARY.sub("", _CELL.sub("", text))
