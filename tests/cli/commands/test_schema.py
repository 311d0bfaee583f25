"""``schema``: what editors read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.hosts import Host


@pytest.mark.slow
def test_printed_and_written(door: Host, project: Path) -> None:
    """The same text on the terminal, in a file, and beside what `init` writes."""
    printed = door.multiplat("schema", cwd=project).stdout.lstrip("\n")
    assert json.loads(printed)["$schema"] == "http://json-schema.org/draft-07/schema#"
    done = door.multiplat("schema", "-o", "other.json", cwd=project)
    assert done.stderr.lstrip("\n") == " wrote other.json\n"
    assert (project / "other.json").read_text(encoding="utf-8") == printed
    assert door.json("schema", cwd=project)["schema"] == json.loads(printed)
    door.multiplat("init", cwd=project)
    assert (project / "environment.schema.json").read_text(encoding="utf-8") == printed


def test_a_schema_that_is_there_stays(alone: Host, project: Path) -> None:
    """`init` leaves a file that somebody has made."""
    (project / "environment.schema.json").write_text("{}\n", encoding="utf-8")
    done = alone.multiplat("init", cwd=project)
    assert done.stderr == " wrote environment.yml\n next: conda multiplat add PACKAGE…\n"
    assert (project / "environment.schema.json").read_text(encoding="utf-8") == "{}\n"
