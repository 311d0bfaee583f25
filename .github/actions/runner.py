"""What the scripts of both actions tell GitHub's runner.

Whoever uses one of them has the whole repository: GitHub downloads it for an action in a folder of
it, and a job elsewhere clones it. Elsewhere there is no such runner, and nothing is told.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def no_commands() -> Iterator[None]:
    """Keep what is printed from being taken for a command to the runner."""
    token = uuid.uuid4().hex if "GITHUB_ACTIONS" in os.environ else ""
    if token:
        print(f"::stop-commands::{token}", flush=True)
    try:
        yield
    finally:
        if token:
            print(f"::{token}::", flush=True)


def append(variable: str, text: str) -> None:
    """Add to a file that the runner reads, and a variable names."""
    if path := os.environ.get(variable):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


def output(values: Mapping[str, str]) -> None:
    """Write the action's outputs.

    A line feed in a value would be another output: no path, URL or word of ours has one.
    """
    append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in values.items()))
