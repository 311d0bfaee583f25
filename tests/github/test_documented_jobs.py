"""The workflows and the job of the documentation: inputs and variables that there are."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "updates.md").read_text(encoding="utf-8")
BLOCKS = [block.partition("\n")[2] for block in PAGE.split("```")[1::2]]


def _steps(value: Any) -> Iterator[dict[str, Any]]:
    """The steps of a workflow, or of a part of one."""
    if isinstance(value, list):
        yield from (step for step in value if isinstance(step, dict))
    elif isinstance(value, dict):
        for job in value.get("jobs", {}).values():
            yield from job["steps"]


STEPS = [step for block in BLOCKS for step in _steps(yaml.safe_load(block))]
OURS = [step for step in STEPS if "conda-multiplat/.github/" in step.get("uses", "")]


@pytest.mark.parametrize("number", range(len(OURS)))
def test_inputs(number: int) -> None:
    """Our actions are there, and have these inputs."""
    step = OURS[number]
    folder = re.fullmatch(r"OWNER/conda-multiplat/(.*)@COMMIT", step["uses"])
    assert folder
    action = yaml.safe_load((ROOT / folder[1] / "action.yml").read_text("utf-8"))
    assert set(step["with"]) <= set(action["inputs"])


def test_tables() -> None:
    """Each input has its row, and no row is of anything else."""
    for name in ("setup", "update"):
        action = ROOT / ".github" / "actions" / name / "action.yml"
        inputs = yaml.safe_load(action.read_text("utf-8"))["inputs"]
        table = PAGE.partition(f"| input of `{name}` |")[2].partition("\n\n")[0]
        cells = [row.split("|")[1] for row in table.splitlines()[2:]]
        assert {word for cell in cells for word in re.findall(r"`([\w-]+)`", cell)} == set(inputs)


def test_gitlab() -> None:
    """Its variables are read by the script, which is where the job says."""
    (job,) = [block for block in BLOCKS if block.startswith("update-locks:")]
    variables = yaml.safe_load(job)["update-locks"]["variables"]
    text = (ROOT / ".github" / "actions" / "update" / "inputs.py").read_text("utf-8")
    read = {f"UPDATE_{name}" for name in re.findall(r"said\(\"([A-Z_]+)\"", text)}
    assert set(variables) <= read
    assert {
        name for name in re.findall(r"`(UPDATE_[A-Z_]+)`", PAGE) if name != "UPDATE_TOKEN"
    } <= read
    assert "/.github/actions/update/update.py" in job


def test_login_of_gitlab(tmp_path: Path) -> None:
    """The token goes to git by a variable, and stands in no file and no command line."""
    (job,) = [yaml.safe_load(block) for block in BLOCKS if block.startswith("update-locks:")]
    (line,) = [
        command for command in job["update-locks"]["script"] if "credential.helper" in command
    ]
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    filled = subprocess.run(
        ["sh", "-ec", f"git init -q .; {line}; git credential fill"],
        input="protocol=https\nhost=gitlab.example.com\n\n",
        cwd=tmp_path,
        env={**env, "UPDATE_TOKEN": "s3cret"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert "username=oauth2\npassword=s3cret\n" in filled.stdout
    assert "s3cret" not in (tmp_path / ".git" / "config").read_text(encoding="utf-8")


def test_some() -> None:
    """They are found at all."""
    assert len(OURS) == 3
