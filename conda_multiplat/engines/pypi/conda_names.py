"""The table of conda packages whose names differ from those of their PyPI projects."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from conda_multiplat.solving.pypi import NameTable


@cache
def name_table() -> NameTable:
    """Return conda package -> the PyPI projects that it provides, if its name does not tell."""
    text = files("conda_multiplat.data").joinpath("pypi_names.json").read_text(encoding="utf-8")
    table: NameTable = json.loads(text)
    return table
