"""The house's rules, read off the source: what imports what, and what touches the world."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = "conda_multiplat"
#: The modules that may touch the world; everything else is the core.
EDGES = (
    "__main__",
    "cli",
    "condarc",
    "config",
    "console",
    "destination",
    "detect",
    "files",
    "lock_plan",
    "plugin",
    "prefix",
    "project",
    "selection",
    "commands",
    "engines",
)
CONDA_MODULES = ("config", "plugin")

Sources = dict[str, ast.Module]


def _sources() -> Sources:
    root = REPOSITORY / PACKAGE
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    assert len(found) > 40
    return found


def _is_edge(module: str) -> bool:
    return module.split(".", maxsplit=1)[0] in EDGES


def _imports(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    """Every imported module's full name; ``from a import b`` counts as ``a`` and ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)


def _inside_functions(tree: ast.AST) -> set[ast.AST]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        each
        for function in ast.walk(tree)
        if isinstance(function, functions)
        for each in ast.walk(function)
    }


def _for_types_only(tree: ast.AST) -> set[ast.AST]:
    return {
        each
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for each in ast.walk(node)
    }


def _top(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def foreign_in_core(sources: Sources) -> list[str]:
    """The core knows neither conda, rattler and conda-lock nor the edges."""
    found = []
    for module, tree in sources.items():
        if _is_edge(module) or not module:
            continue
        for name, _ in _imports(tree):
            if _top(name) in ("conda", "rattler", "conda_lock", "rich", "asyncio", "subprocess"):
                found.append(f"{module} imports {name}")
            own = name.removeprefix(f"{PACKAGE}.")
            if name.startswith(f"{PACKAGE}.") and _is_edge(own):
                found.append(f"{module} imports the edge {own}")
    return found


def world_in_core(sources: Sources) -> list[str]:
    """The core reads no environment variable, opens no file and prints nothing."""
    forbidden = ("os", "sys", "io", "pathlib.Path.open", "tempfile", "shutil", "socket")
    found = []
    for module, tree in sources.items():
        if _is_edge(module):
            continue
        found += [f"{module} imports {n}" for n, _ in _imports(tree) if n in forbidden]
        for node in ast.walk(tree):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name) and called.id in ("print", "open", "input"):
                found.append(f"{module} calls {called.id}")
    return found


def rattler_outside_engines(sources: Sources) -> list[str]:
    """Only ``engines`` imports rattler."""
    return [
        f"{module} imports {name}"
        for module, tree in sources.items()
        if _top(module) != "engines"
        for name, _ in _imports(tree)
        if _top(name) == "rattler"
    ]


def conda_at_import(sources: Sources) -> list[str]:
    """Only two modules import conda, and inside functions: conda starts no slower for us."""
    found = []
    for module, tree in sources.items():
        inside = _inside_functions(tree)
        for name, node in _imports(tree):
            if _top(name) == "conda" and (module not in CONDA_MODULES or node not in inside):
                found.append(f"{module} imports {name}")
    return found


def late_imports_in_core(sources: Sources) -> list[str]:
    """Imports inside functions are for the edges."""
    return [
        f"{module} imports {name} in a function"
        for module, tree in sources.items()
        if not _is_edge(module)
        for name, node in _imports(tree)
        if node in _inside_functions(tree)
    ]


def cycles(sources: Sources) -> list[str]:
    """No module imports itself by way of others, imports in functions included."""
    edges: dict[str, set[str]] = {}
    for module, tree in sources.items():
        types = _for_types_only(tree)
        names = {
            name.removeprefix(f"{PACKAGE}.") for name, node in _imports(tree) if node not in types
        }
        edges[module] = {name for name in names if name in sources and name != module}
    found = []
    for start, first in edges.items():
        seen: set[str] = set()
        todo = list(first)
        while todo:
            each = todo.pop()
            if each == start:
                found.append(start)
                break
            if each not in seen:
                seen.add(each)
                todo += edges[each]
    return found


RULES = (
    foreign_in_core,
    world_in_core,
    rattler_outside_engines,
    conda_at_import,
    late_imports_in_core,
    cycles,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_holds(rule: object) -> None:
    """Each rule holds in the whole package."""
    assert rule(_sources()) == []  # type: ignore[operator]


PLANTED = {
    "foreign_in_core": {"lock": "import rattler"},
    "world_in_core": {"lock": "import os\nprint(os.environ)"},
    "rattler_outside_engines": {"commands.lock": "def f():\n    from rattler import solve"},
    "conda_at_import": {"plugin": "from conda.plugins import hookimpl"},
    "late_imports_in_core": {"lock": "def f():\n    import json"},
    "cycles": {
        "a": "from conda_multiplat.b import x",
        "b": "def f():\n    import conda_multiplat.c",
        "c": "from conda_multiplat import a",
    },
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_sees_a_violation(rule: object) -> None:
    """Each rule finds what was planted for it."""
    name = rule.__name__  # type: ignore[attr-defined]
    sources = {module: ast.parse(text) for module, text in PLANTED[name].items()}
    assert rule(sources) != []  # type: ignore[operator]


def test_edges_exist() -> None:
    """The list of edges names nothing that is gone."""
    tops = {_top(module) for module in _sources()}
    assert set(EDGES) <= tops


def test_hooks_are_short() -> None:
    """The hooks' own code stays under 100 lines."""
    for path in (REPOSITORY / "hooks").glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) < 100
