"""The metadata of a local project that counts, from each place where it can be stated."""

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
            ProjectMetadata("x", ("a[z]<2,>=1", "b"), (), ">=3.10"),
        ),
        (
            {
                "pyproject.toml": "[project]\nname='X'\ndynamic=['dependencies']\n"
                "requires-python='>=3.10'\noptional-dependencies={Dev=['B']}\n"
                "[tool.poetry.dependencies]\npython='^3.11'\nA='>= 1'\n"
            },
            FOUND,
        ),
        (
            {
                "pyproject.toml": "[tool.poetry]\nname='x'\n[tool.poetry.extras]\ndev=['B']\n"
                "[tool.poetry.dependencies]\npython='>=3.10'\na='>=1'\n"
                "b={version='*', optional=true}\nc={version='*', optional=true}\n"
                "[tool.poetry.group.test.dependencies]\npytest='*'\n"
            },
            FOUND,
        ),
        (
            {
                "pyproject.toml": "[project]\nname='x'\ndependencies=['a', 'b>=1', 'c[x]', 'd']\n"
                "[tool.uv.sources]\nA={path='../a'}\nb={git='https://x.example.com/b', tag='v1'}\n"
                "c={index='ours'}\ne={path='../e'}\n"
            },
            ProjectMetadata(
                "x",
                ("a @ ../a", "b @ git+https://x.example.com/b@v1", "c[x]", "d"),
                sources=("c {index=ours}",),
            ),
        ),
        (
            {"pyproject.toml": '[project]\nname="x"\ndynamic=["dependencies","requires-python"]\n'},
            ProjectMetadata("x", dynamic=("dependencies", "requires-python")),
        ),
        ({"setup.py": "setup()"}, ProjectMetadata(dynamic=("dependencies",))),
        (
            {"setup.py": "setup()", "setup.cfg": "[options]\ninstall_requires = a"},
            ProjectMetadata(dependencies=("a",)),
        ),
        (
            {
                "setup.py": "setup(extras_require=read())",
                "setup.cfg": "[options]\ninstall_requires = a",
            },
            ProjectMetadata(dependencies=("a",), dynamic=("optional-dependencies",)),
        ),
        (
            {
                "setup.cfg": "[options]\ninstall_requires = b>=1; a ;\n"
                "[options.extras_require]\ndev = d;c\n"
            },
            ProjectMetadata("", ("a", "b>=1"), (("dev", ("c", "d")),)),
        ),
        (
            {
                "setup.cfg": "[options]\ninstall_requires =\n  b;python_version<'3'\n"
                "[options.extras_require]\ndev =\n  c\n  d;os_name=='nt'\n"
            },
            ProjectMetadata(
                "",
                ('b ; python_version < "3"',),
                (("dev", ("c", 'd ; os_name == "nt"')),),
            ),
        ),
        (
            {"setup.cfg": "[options]\ninstall_requires = file: r.txt\n", "r.txt": "b; a"},
            ProjectMetadata("", ("a", "b")),
        ),
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
    """PEP 621, setuptools' files, ``setup.cfg``, flit, Poetry; and what can't be read."""
    table = tomli.loads(files.get("pyproject.toml", ""))
    sources = table.get("tool", {}).get("uv", {}).get("sources", {})
    assert project_metadata(table, lambda name: files.get(name, ""), sources) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a>=1", "a >= 1"),
        ("a>=1,<2", "a >=1 , <2"),
        ("a>=1,<2", "A <2,>=1"),
        ("a-b", "A_b"),
        ("a>=1", "a (>= 1)"),
        ("a[x,y]", "a [y, x]"),
        ("a[x-y]", "a[X_Y]"),
        ("a;python_version<'3.9'", 'a ; python_version < "3.9"'),
        ("a @ https://example.com/a.whl", " a @ https://example.com/a.whl "),
    ],
)
def test_spellings(one: str, other: str) -> None:
    """Spaces, case, order and parentheses don't matter."""
    first, second = (
        project_metadata({"project": {"dependencies": [text]}}, lambda _: "")
        for text in (one, other)
    )
    assert first == second


def test_extras_of_itself() -> None:
    """An extra that asks for others of the same project brings what those need."""
    extras = {"all": ["X[dev,Docs]", "c"], "dev": ["b", "x[all]"], "docs": ["d"], "more": ["e"]}
    table = {"project": {"name": "x", "dependencies": ["a"], "optional-dependencies": extras}}
    metadata = project_metadata(table, lambda _: "")
    assert metadata.needs(["all"]) == ("a", "c", "b", "d")
    assert metadata.needs(["unknown"]) == metadata.needs([]) == ("a",)
