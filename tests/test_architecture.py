"""The house's rules, read off the source: what imports what, and what touches the world."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conda_multiplat.cli import COMMANDS, HIDDEN

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = "conda_multiplat"
HOOKS = "hooks"
#: The modules and packages that may touch the world; everything else is the core.
EDGES = (
    "__main__",
    "activating",
    "cache_cleaning",
    "cache_lock",
    "checking",
    "cli",
    "commit",
    "conda_hooks",
    "condarc",
    "config",
    "console",
    "destination",
    "detect",
    "entering",
    "editing",
    "files",
    "git",
    "git_merge",
    "git_setup",
    "importing.paths",
    "importing.prefix",
    "importing.report",  # tells through the console that it is given
    "importing.sources",
    "installing",
    "installed_environment",
    "lock_pypi",  # begins what lock_plan has planned
    "lock_report",
    "locked_targets",  # warns through the console that it is given
    "locking",
    "lock_plan",  # speaks to the user through the console that it is given
    "options",
    "pinning",  # asks the engine which version is lower
    "plugin",
    "prefix",
    "pypi_table",
    "project",
    "rendered",
    "requirement_files",
    "selection",
    "site_packages",
    "user_shell",
    "why_pypi",  # waits for the engine
    "commands",
    "engines",
    HOOKS,
)
CONDA_MODULES = ("conda_hooks", "config", "plugin")
FOREIGN = ("conda", "rattler", "conda_lock", "rich", "asyncio", "subprocess", "socket", "urllib3")
#: Through these come environment variables, standard streams, files and the network.
WORLD_MODULES = ("os", "sys", "io", "tempfile", "shutil", "socket", "urllib.request")
WORLD_CALLS = ("print", "open", "input", "exec", "eval", "__import__", "breakpoint")
WORLD_METHODS = (
    *("read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "glob", "mkdir", "unlink"),
    *("is_file", "is_dir", "touch", "chmod", "symlink_to", "cwd", "home"),
)
#: Modules by name, without the package's: ``lock``, ``engines.specs``, ``hooks.check``.
Sources = dict[str, ast.Module]


def _sources() -> Sources:
    package, hooks = REPOSITORY / PACKAGE, REPOSITORY / HOOKS
    found = {_name(path, package): path for path in package.rglob("*.py")}
    found |= {_name(path, REPOSITORY): path for path in hooks.rglob("*.py")}
    assert len(found) > 40
    return {name: ast.parse(found[name].read_text(encoding="utf-8")) for name in sorted(found)}


def _name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _top(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def _is_edge(name: str) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in EDGES)


def _core(sources: Sources) -> Sources:
    return {name: tree for name, tree in sources.items() if not _is_edge(name)}


def _imports(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    """Every imported module's full name; ``from a import b`` counts as ``a`` and ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield base, node
            yield from ((f"{base}.{alias.name}", node) for alias in node.names)


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
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for each in ast.walk(statement)
    }


def relative_imports(sources: Sources) -> list[str]:
    """Imports are absolute, which the other rules rely on."""
    return [
        f"{module} imports {name}"
        for module, tree in sources.items()
        for name, node in _imports(tree)
        if name.startswith(".")
    ]


def foreign_in_core(sources: Sources) -> list[str]:
    """The core knows neither conda, rattler and conda-lock nor the edges."""
    found = []
    for module, tree in _core(sources).items():
        for name, _ in _imports(tree):
            own = name.removeprefix(f"{PACKAGE}.")
            if _top(name) in (*FOREIGN, HOOKS):
                found.append(f"{module} imports {name}")
            elif own != name and _is_edge(own):
                found.append(f"{module} imports the edge {own}")
    return found


def world_in_core(sources: Sources) -> list[str]:
    """The core reads no environment variable, touches no file and prints nothing."""
    found = []
    for module, tree in _core(sources).items():
        found += [f"{module} imports {name}" for name, _ in _imports(tree) if name in WORLD_MODULES]
        for node in ast.walk(tree):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name) and called.id in WORLD_CALLS:
                found.append(f"{module} calls {called.id}")
            if isinstance(called, ast.Attribute) and called.attr in WORLD_METHODS:
                found.append(f"{module} calls .{called.attr}")
    return found


def _imports_of(package: str, sources: Sources) -> list[str]:
    return [
        f"{module} imports {name}"
        for module, tree in sources.items()
        for name, _ in _imports(tree)
        if _top(name) == package
    ]


def rattler_outside_engines(sources: Sources) -> list[str]:
    """Only ``engines`` imports rattler."""
    outside = {module: tree for module, tree in sources.items() if _top(module) != "engines"}
    return _imports_of("rattler", outside)


def conda_at_import(sources: Sources) -> list[str]:
    """Only two modules import conda, and inside functions: conda starts no slower for us."""
    found = []
    for module, tree in sources.items():
        late = _inside_functions(tree) | _for_types_only(tree)
        for name, node in _imports(tree):
            if _top(name) == "conda" and (module not in CONDA_MODULES or node not in late):
                found.append(f"{module} imports {name}")
    return found


def conda_lock_anywhere(sources: Sources) -> list[str]:
    """Nothing of ours imports conda-lock, which is slow to import and large."""
    return _imports_of("conda_lock", sources)


def late_imports_in_core(sources: Sources) -> list[str]:
    """Imports inside functions are for the edges."""
    return [
        f"{module} imports {name} in a function"
        for module, tree in _core(sources).items()
        for inside in [_inside_functions(tree)]
        for name, node in _imports(tree)
        if node in inside
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
    return [module for module in edges if module in _reached(edges, module)]


def _reached(edges: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    todo = list(edges[start])
    while todo:
        each = todo.pop()
        if each not in seen:
            seen.add(each)
            todo += edges[each]
    return seen


def exits_in_core(sources: Sources) -> list[str]:
    """The core never ends the process: errors are raised as values."""
    return [
        f"{module} raises SystemExit"
        for module, tree in _core(sources).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id in ("SystemExit", "exit", "quit")
    ]


def long_hooks(sources: Sources) -> list[str]:
    """The hooks' own code stays under 100 lines."""
    return [
        module
        for module, tree in sources.items()
        if _top(module) == HOOKS and tree.body and (tree.body[-1].end_lineno or 0) >= 100
    ]


Rule = Callable[[Sources], list[str]]
RULES: tuple[Rule, ...] = (
    relative_imports,
    foreign_in_core,
    world_in_core,
    rattler_outside_engines,
    conda_at_import,
    conda_lock_anywhere,
    late_imports_in_core,
    cycles,
    exits_in_core,
    long_hooks,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_holds(rule: Rule) -> None:
    """Each rule holds in the whole package."""
    assert rule(_sources()) == []


PLANTED: list[tuple[Rule, dict[str, str], list[str]]] = [
    (relative_imports, {"cli": "from . import lock"}, ["cli imports .", "cli imports ..lock"]),
    (foreign_in_core, {"lock": "import rattler"}, ["lock imports rattler"]),
    (foreign_in_core, {"lock": "import conda.api"}, ["lock imports conda.api"]),
    (foreign_in_core, {"lock": "def f():\n    import conda_lock"}, ["lock imports conda_lock"]),
    (foreign_in_core, {"lock": "import hooks.check"}, ["lock imports hooks.check"]),
    (
        foreign_in_core,
        {"render.order": "from conda_multiplat.files import shown"},
        ["render.order imports the edge files", "render.order imports the edge files.shown"],
    ),
    (
        foreign_in_core,
        {"lock": "from conda_multiplat import console"},
        ["lock imports the edge console"],
    ),
    (
        foreign_in_core,
        {"importing.merge": "import conda_multiplat.importing.sources"},
        ["importing.merge imports the edge importing.sources"],
    ),
    (foreign_in_core, {"lock": "import conda_multiplat.names", "cli": "import rich"}, []),
    (world_in_core, {"lock": "import os\nos.environ['A']"}, ["lock imports os"]),
    (world_in_core, {"lock": "from os import environ, getenv"}, ["lock imports os"]),
    (world_in_core, {"lock": "def f():\n    print(1)"}, ["lock calls print"]),
    (world_in_core, {"lock": "import sys\nsys.stderr.write('')"}, ["lock imports sys"]),
    (world_in_core, {"lock": "f = lambda path: path.read_text()"}, ["lock calls .read_text"]),
    (world_in_core, {"console": "import sys\nprint(1)", "hooks.check": "print(1)"}, []),
    (
        rattler_outside_engines,
        {"commands.lock": "def f():\n    from rattler import solve"},
        ["commands.lock imports rattler", "commands.lock imports rattler.solve"],
    ),
    (rattler_outside_engines, {"engines.specs": "import rattler"}, []),
    (conda_at_import, {"plugin": "import conda.plugins"}, ["plugin imports conda.plugins"]),
    (conda_at_import, {"cli": "def f():\n    import conda"}, ["cli imports conda"]),
    (conda_at_import, {"plugin": "def f():\n    import conda\nimport condax"}, []),
    (conda_at_import, {"config": "if typing.TYPE_CHECKING:\n    import conda"}, []),
    (
        conda_at_import,
        {"config": "if TYPE_CHECKING:\n    pass\nelse:\n    import conda"},
        ["config imports conda"],
    ),
    (conda_lock_anywhere, {"cli": "import conda_lock.export"}, ["cli imports conda_lock.export"]),
    (
        late_imports_in_core,
        {"lock": "class A:\n    async def f(self):\n        import json"},
        ["lock imports json in a function"],
    ),
    (late_imports_in_core, {"cli": "def f():\n    import json", "lock": "import json"}, []),
    (
        cycles,
        {
            "a": "from conda_multiplat.b import x",
            "b": "def f():\n    import conda_multiplat.c",
            "c": "from conda_multiplat import a",
            "d": "import conda_multiplat.a",
        },
        ["a", "b", "c"],
    ),
    (
        cycles,
        {
            "a": "import conda_multiplat.b",
            "b": "if TYPE_CHECKING:\n    import conda_multiplat.a",
        },
        [],
    ),
    (exits_in_core, {"lock": "raise SystemExit(1)"}, ["lock raises SystemExit"]),
    (long_hooks, {"hooks.check": "a = 1\n" * 100}, ["hooks.check"]),
    (long_hooks, {"hooks.check": "a = 1\n" * 99, "hooks": "", "cli": "a = 1\n" * 100}, []),
]


@pytest.mark.parametrize(("rule", "planted", "found"), PLANTED)
def test_rule_sees_a_violation(rule: Rule, planted: dict[str, str], found: list[str]) -> None:
    """Each rule finds what was planted for it, and nothing in what is allowed."""
    assert rule({module: ast.parse(text) for module, text in planted.items()}) == found


def test_every_rule_is_tried() -> None:
    """No rule is without a violation that it has been seen to find."""
    assert {rule for rule, _, found in PLANTED if found} == set(RULES)


def test_every_command_has_its_options() -> None:
    """``cli`` imports options by name, so that no other rule sees a module that is missing."""
    options = {module for module in _sources() if module.startswith("options.")}
    wanted = {f"options.{name.replace('-', '_')}" for name in (*COMMANDS, *HIDDEN)}
    assert options == wanted | {"options.shared"}


def test_edges_exist() -> None:
    """The list of edges names nothing that is gone."""
    assert set(EDGES) <= {*_sources(), *map(_top, _sources())}
