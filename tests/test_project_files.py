"""What the repository says of itself beside the code: recipe, workflows, release."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tomli
import yaml

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT: dict[str, Any] = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT: dict[str, Any] = PYPROJECT["project"]
RECIPE: dict[str, Any] = yaml.safe_load((ROOT / "recipe/recipe.yaml").read_text("utf-8"))
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
NOTES = runpy.run_path(str(ROOT / "scripts/release_notes.py"))["notes"]


#: What conda-forge calls otherwise than PyPI.
OF_CONDA_FORGE = {"installer>=1.0": "python-installer>=1.0"}


def _spaceless(texts: list[str]) -> set[str]:
    return {re.sub(r"\s", "", text) for text in texts}


def test_recipe() -> None:
    """The recipe needs what pyproject.toml needs, and makes the same commands."""
    run = RECIPE["requirements"]["run"]
    expected = {
        OF_CONDA_FORGE.get(requirement, requirement)
        for requirement in _spaceless(PROJECT["dependencies"])
    }
    assert _spaceless(run[1:]) == expected
    python = RECIPE["context"]["python_min"]
    assert PROJECT["requires-python"] == f">={python}"
    entries = RECIPE["build"]["python"]["entry_points"]
    assert entries == [f"{name} = {place}" for name, place in PROJECT["scripts"].items()]
    assert RECIPE["about"]["license"] == PROJECT["license"]
    assert RECIPE["package"]["name"] == PROJECT["name"]


def test_every_folder_is_packaged() -> None:
    """The wheel has each folder of the package; a new one is easily forgotten in the list."""
    folders = [path.parent for path in (ROOT / "conda_multiplat").rglob("__init__.py")]
    names = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == names | {"conda_multiplat.hooks"}


def test_one_comparison() -> None:
    """README and docs compare the tools in the same words."""
    readme, page = (
        (ROOT / name).read_text("utf-8") for name in ("README.md", "docs/comparison.md")
    )
    assert _table(page) == _table(readme[readme.index("## How it compares") :])


def _table(page: str) -> str:
    start = page.index("| |")
    return page[start : page.index("\n\n", start)]


def test_one_version() -> None:
    """The recipe has the version that the package has."""
    text = (ROOT / "conda_multiplat/__init__.py").read_text("utf-8")
    assert f'__version__ = "{RECIPE["context"]["version"]}"' in text


def _steps(workflow: Path) -> list[str]:
    jobs = yaml.safe_load(workflow.read_text("utf-8"))["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_steps_are_targets(workflow: Path) -> None:
    """What a workflow runs is here to be run: a target of the Makefile, or `.ci/run`."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for step in _steps(workflow):
        command, *words = step.split()
        if command == "make":
            assert words[0] in targets
        else:  # what only a service can do
            assert step == ".ci/run" or step.startswith(("conda install", "gh release create"))


CHANGELOG = """\
# Changelog

## [0.2.0] - 2026-12-01

### Added

- this

## [0.1.0] - 2026-11-01

- that
"""


def test_release_notes() -> None:
    """The section of the version, and no other."""
    assert NOTES("v0.2.0", "0.2.0", CHANGELOG) == "### Added\n\n- this"
    assert NOTES("v0.1.0", "0.1.0", CHANGELOG) == "- that"


@pytest.mark.parametrize(
    ("tag", "version", "message"),
    [
        ("v0.3.0", "0.2.0", "the tag is v0.3.0, and the version is 0.2.0: tag v0.2.0"),
        ("v0.3.0", "0.3.0", "CHANGELOG.md has no section [0.3.0]"),
        ("v0.4.0", "0.4.0", "CHANGELOG.md: [0.4.0] has no date but 'unreleased'"),
    ],
)
def test_no_release(tag: str, version: str, message: str) -> None:
    """A tag that is not the version's, and a version that nobody has described."""
    with pytest.raises(ValueError, match=r".") as raised:
        NOTES(tag, version, f"{CHANGELOG}\n## [0.4.0] - unreleased\n")
    assert str(raised.value) == message


def test_an_unreleased_version() -> None:
    """The script says so, and ends with 1."""
    command = [sys.executable, str(ROOT / "scripts/release_notes.py"), "v9.9"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("not a release: the tag is v9.9, and the version is ")


def test_hooks_of_our_own() -> None:
    """Each hook of `.pre-commit-config.yaml` runs something that the environment has."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    entries = [hook["entry"].split()[0] for hook in config["repos"][0]["hooks"]]
    assert {Path(entry).name for entry in entries} == {"ruff", "mypy", "conda-multiplat-check"}
    example = config["repos"][0]["hooks"][-1]["entry"].split()[1]
    command = [sys.executable, "-I", "-m", "conda_multiplat.hooks.check", example]
    subprocess.run(command, cwd=ROOT, check=True)
