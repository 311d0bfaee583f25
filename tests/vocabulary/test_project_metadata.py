"""What counts of a local project, in each place where it can be said."""

from __future__ import annotations

import pytest
import tomli

from conda_multiplat.vocabulary.project_metadata import ProjectMetadata, project_metadata

DEV = (("dev", ("b",)),)
FOUND = ProjectMetadata("x", ("a>=1",), DEV, ">=3.10")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {
                "pyproject.toml": '[project]\nname="x"\ndependencies=["a >= 1"]\n'
                'requires-python=">= 3.10"\noptional-dependencies={dev=["b"]}\n'
            },
            FOUND,
        ),
        (
            {
                "pyproject.toml": '[project]\nname="x"\nrequires-python=">=3.10"\n'
                'dynamic=["dependencies","optional-dependencies","version"]\n'
                '[tool.setuptools.dynamic]\ndependencies={file="r.txt"}\n'
                'optional-dependencies={dev={file=["d.txt"]}}\n',
                "r.txt": "# x\na >=1 # y\n",
                "d.txt": "b\n",
            },
            FOUND,
        ),
        (
            {
                "setup.cfg": "[metadata]\nname = x\n[options]\npython_requires = >=3.10\n"
                "install_requires =\n    a >= 1\n[options.extras_require]\ndev = b\n"
            },
            FOUND,
        ),
        (
            {
                "setup.cfg": "[metadata]\nname = x\n[options]\npython_requires = >=3.10\n"
                "install_requires = file: r.txt\n[options.extras_require]\ndev = file: d.txt\n",
                "r.txt": "a>=1\n",
                "d.txt": "b\n",
            },
            FOUND,
        ),
        (
            {
                "pyproject.toml": '[project]\nname="x"\nrequires-python=">=3.10"\n'
                'dynamic=["dependencies","optional-dependencies"]\n',
                "setup.cfg": "[options]\ninstall_requires = a>=1\n"
                "[options.extras_require]\ndev = b\n",
            },
            FOUND,
        ),
        (
            {
                "pyproject.toml": "[tool.flit.metadata]\nmodule='x'\nrequires=['a>=1']\n"
                "requires-python='>=3.10'\nrequires-extra={dev=['b']}\n"
            },
            FOUND,
        ),
        (
            {
                "pyproject.toml": "[tool.poetry]\nname='x'\n[tool.poetry.dependencies]\n"
                "python='>=3.10'\na={version='^1', extras=['z']}\nb='*'\n"
            },
            ProjectMetadata("x", ("a {extras=[z], version=^1}", "b *"), (), ">=3.10"),
        ),
        (
            {"pyproject.toml": '[project]\nname="x"\ndynamic=["dependencies","requires-python"]\n'},
            ProjectMetadata("x", dynamic=("dependencies", "requires-python")),
        ),
        ({"setup.py": "setup()"}, ProjectMetadata(dynamic=("dependencies",))),
        (
            {"setup.cfg": "no section\n"},
            ProjectMetadata(dynamic=("dependencies", "optional-dependencies", "requires-python")),
        ),
        ({}, ProjectMetadata()),
        ({"pyproject.toml": "project = 1\n[tool]\nsetuptools = 2\n"}, ProjectMetadata()),
        ({"pyproject.toml": '[project]\nname = 1\ndependencies = "a"\n'}, ProjectMetadata()),
    ],
)
def test_places(files: dict[str, str], expected: ProjectMetadata) -> None:
    """PEP 621, setuptools' files, ``setup.cfg``, flit, Poetry; and what can't be told."""
    table = tomli.loads(files.get("pyproject.toml", ""))
    assert project_metadata(table, lambda name: files.get(name, "")) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a>=1", "a >= 1"),
        ("a>=1,<2", "a >=1 , <2"),
        ("a[x,y]", "a [x, y]"),
        ("a;python_version<'3.9'", 'a ; python_version < "3.9"'),
        ("a @ https://example.com/a.whl", " a @ https://example.com/a.whl "),
    ],
)
def test_spaces(one: str, other: str) -> None:
    """They mean nothing."""
    first, second = (
        project_metadata({"project": {"dependencies": [text]}}, lambda _: "")
        for text in (one, other)
    )
    assert first == second
