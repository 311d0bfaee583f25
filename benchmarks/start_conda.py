"""``start_conda.py HIDDEN ARGS…``: the embedded conda, the distribution HIDDEN not to be seen.

Both sides of the start-up comparison run through the same filter; one names a distribution that
does not exist.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import metadata
from typing import Any

from support.embedded_conda import main

_all = metadata.distributions


def _visible(**context: Any) -> Iterator[metadata.Distribution]:
    for distribution in _all(**context):
        if not distribution._path.name.startswith(_hidden):  # type: ignore[attr-defined]
            yield distribution


_hidden = sys.argv.pop(1)
metadata.distributions = _visible
sys.exit(main())
