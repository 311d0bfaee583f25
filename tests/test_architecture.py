"""The house's rules, read off the source: what imports what, and what touches the world."""

from __future__ import annotations

import ast
import functools
import keyword
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conda_multiplat.cli.main import COMMANDS, HIDDEN

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = "conda_multiplat"
HOOKS = "hooks"
#: The rooms, from the top floor down. An import goes down or stays in its room.
FLOORS = (
    ("plugin", "__main__"),
    ("in_conda", HOOKS),
    ("cli",),
    ("actions",),
    ("engines",),
    ("importers", "export", "machine"),
    ("lockfile",),
    ("solving",),
    ("manifest", "activation"),
    ("vocabulary", "data"),
)
#: Pure values and functions; every other room may touch the world.
CORE = ("importers", "export", "lockfile", "solving", "manifest", "activation", "vocabulary")
#: Reads what only conda-lock can read, where a user asks for that.
CONDA_LOCK_MODULES = ("actions.import_.conda_lock_parsers",)
CONDA_MODULES = ("plugin", "in_conda", "machine.conda_settings")
FOREIGN = ("conda", "rattler", "conda_lock", "rich", "asyncio", "subprocess", "socket", "urllib3")
#: Through these come environment variables, standard streams, files and the network.
WORLD_MODULES = ("os", "sys", "io", "tempfile", "shutil", "socket", "urllib.request")
WORLD_CALLS = ("print", "open", "input", "exec", "eval", "__import__", "breakpoint")
WORLD_METHODS = (
    *("read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "glob", "mkdir", "unlink"),
    *("is_file", "is_dir", "touch", "chmod", "symlink_to", "cwd", "home"),
)
#: Modules by name, without the package's: ``cli.main``, ``hooks.check``.
Sources = dict[str, ast.Module]


@functools.cache  # each source is parsed once
def _sources() -> Sources:
    package, hooks = REPOSITORY / PACKAGE, REPOSITORY / HOOKS
    paths = {_name(path, package): path for path in package.rglob("*.py")}
    paths |= {_name(path, REPOSITORY): path for path in hooks.rglob("*.py")}
    assert len(paths) > 40
    return {name: ast.parse(paths[name].read_text(encoding="utf-8")) for name in sorted(paths)}


def _name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _top(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def _is_in(name: str, rooms: tuple[str, ...]) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def _core(sources: Sources) -> Sources:
    return {name: tree for name, tree in sources.items() if _is_in(name, CORE)}


def _room(imported: str) -> str:
    """The room that an import leads to; ``""`` for another package, or ours as a whole."""
    if _top(imported) == HOOKS:
        return HOOKS
    return _top(imported.removeprefix(f"{PACKAGE}.")) if imported.startswith(f"{PACKAGE}.") else ""


@functools.cache
def _nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """All of a source, which each rule goes through."""
    return tuple(ast.walk(tree))


@functools.cache
def _imports(tree: ast.AST) -> tuple[tuple[str, ast.stmt], ...]:
    """Every imported module's full name; ``from a import b`` counts as ``a`` and ``a.b``."""
    return tuple(_found_imports(tree))


def _found_imports(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    for node in _nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield base, node
            yield from ((f"{base}.{alias.name}", node) for alias in node.names)


@functools.cache
def _inside_functions(tree: ast.AST) -> set[ast.AST]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        descendant
        for function in _nodes(tree)
        if isinstance(function, functions)
        for descendant in ast.walk(function)
    }


@functools.cache
def _for_types_only(tree: ast.AST) -> set[ast.AST]:
    return {
        descendant
        for node in _nodes(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for descendant in ast.walk(statement)
    }


def relative_imports(sources: Sources) -> list[str]:
    """Imports are absolute, which the other rules rely on."""
    return [
        f"{module} imports {name}"
        for module, tree in sources.items()
        for name, node in _imports(tree)
        if name.startswith(".")
    ]


def upward_imports(sources: Sources) -> list[str]:
    """Each room has a floor, and an import goes down or stays in its room."""
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    return [
        f"{module} imports {name}"
        for module, tree in sources.items()
        for name, _ in _imports(tree)
        for room in [_room(name)]
        if room in floor and room != _top(module) and floor[room] <= floor[_top(module)]
    ]


def foreign_in_core(sources: Sources) -> list[str]:
    """The core knows neither conda, rattler and conda-lock, nor what waits and what draws."""
    return [
        f"{module} imports {name}"
        for module, tree in _core(sources).items()
        for name, _ in _imports(tree)
        if _top(name) in FOREIGN
    ]


def world_in_core(sources: Sources) -> list[str]:
    """The core reads no environment variable, touches no file and prints nothing."""
    violations = []
    for module, tree in _core(sources).items():
        violations += [
            f"{module} imports {name}" for name, _ in _imports(tree) if name in WORLD_MODULES
        ]
        for node in _nodes(tree):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name) and called.id in WORLD_CALLS:
                violations.append(f"{module} calls {called.id}")
            if isinstance(called, ast.Attribute) and called.attr in WORLD_METHODS:
                violations.append(f"{module} calls .{called.attr}")
    return violations


def _imports_of(package: str, sources: Sources) -> list[str]:
    return [
        f"{module} imports {name}"
        for module, tree in sources.items()
        for name, _ in _imports(tree)
        if _top(name) == package
    ]


def rattler_outside_engines(sources: Sources) -> list[str]:
    """Only ``engines/conda`` imports rattler."""
    outside = {name: tree for name, tree in sources.items() if not _is_in(name, ("engines.conda",))}
    return _imports_of("rattler", outside)


def conda_at_import(sources: Sources) -> list[str]:
    """Few import conda, and inside functions: conda starts no slower for us."""
    violations = []
    for module, tree in sources.items():
        late = _inside_functions(tree) | _for_types_only(tree)
        for name, node in _imports(tree):
            if _top(name) == "conda" and (node not in late or not _is_in(module, CONDA_MODULES)):
                violations.append(f"{module} imports {name}")
    return violations


def conda_lock_anywhere(sources: Sources) -> list[str]:
    """One module imports conda-lock, and inside functions: it is slow to import and large."""
    return _imports_of(
        "conda_lock", {k: v for k, v in sources.items() if k not in CONDA_LOCK_MODULES}
    ) + [
        f"{module} imports {name}"
        for module in CONDA_LOCK_MODULES
        if module in sources
        for name, node in _imports(sources[module])
        if _top(name) == "conda_lock" and node not in _inside_functions(sources[module])
    ]


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
        module = todo.pop()
        if module not in seen:
            seen.add(module)
            todo += edges[module]
    return seen


def exits_in_core(sources: Sources) -> list[str]:
    """The core never ends the process: errors are raised as values."""
    return [
        f"{module} raises SystemExit"
        for module, tree in _core(sources).items()
        for node in _nodes(tree)
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
    upward_imports,
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
    (
        relative_imports,
        {"cli.main": "from . import lock"},
        ["cli.main imports .", "cli.main imports ..lock"],
    ),
    (
        upward_imports,
        {"vocabulary.names": "from conda_multiplat.manifest import model"},
        [
            "vocabulary.names imports conda_multiplat.manifest",
            "vocabulary.names imports conda_multiplat.manifest.model",
        ],
    ),
    (
        upward_imports,  # rooms of one floor do not know each other
        {"export.kinds": "def f():\n    import conda_multiplat.machine.files"},
        ["export.kinds imports conda_multiplat.machine.files"],
    ),
    (
        upward_imports,
        {"actions.enter_environment": "if TYPE_CHECKING:\n    import conda_multiplat.cli.options"},
        ["actions.enter_environment imports conda_multiplat.cli.options"],
    ),
    (upward_imports, {"cli.main": "import hooks.check"}, ["cli.main imports hooks.check"]),
    (
        upward_imports,
        {
            "actions.lock.relock": "import conda_multiplat.actions.enter_environment\n"
            "import conda_multiplat.lockfile",
            "hooks.check": "from conda_multiplat.cli.main import run",
            "cli.main": "from conda_multiplat import __version__",
        },
        [],
    ),
    (
        foreign_in_core,
        {"lockfile.read": "import rattler"},
        ["lockfile.read imports rattler"],
    ),
    (
        foreign_in_core,
        {"lockfile": "import conda.api"},
        ["lockfile imports conda.api"],
    ),
    (
        foreign_in_core,
        {"export.kinds": "def f():\n    import conda_lock"},
        ["export.kinds imports conda_lock"],
    ),
    (foreign_in_core, {"lockfile.read": "import conda_multiplat.names", "cli": "import rich"}, []),
    (world_in_core, {"manifest": "import os\nos.environ['A']"}, ["manifest imports os"]),
    (world_in_core, {"manifest": "from os import environ, getenv"}, ["manifest imports os"]),
    (world_in_core, {"solving.solve": "def f():\n    print(1)"}, ["solving.solve calls print"]),
    (
        world_in_core,
        {"activation.model": "import sys\nsys.stderr.write('')"},
        ["activation.model imports sys"],
    ),
    (
        world_in_core,
        {"importers.merge": "f = lambda path: path.read_text()"},
        ["importers.merge calls .read_text"],
    ),
    (
        world_in_core,
        {"machine.console": "import sys\nprint(1)", "hooks.check": "print(1)"},
        [],
    ),
    (
        rattler_outside_engines,
        {"cli.commands.lock": "def f():\n    from rattler import solve"},
        ["cli.commands.lock imports rattler", "cli.commands.lock imports rattler.solve"],
    ),
    (
        rattler_outside_engines,
        {"engines.pypi.uv": "import rattler"},
        ["engines.pypi.uv imports rattler"],
    ),
    (rattler_outside_engines, {"engines.conda.specs": "import rattler"}, []),
    (conda_at_import, {"plugin": "import conda.plugins"}, ["plugin imports conda.plugins"]),
    (
        conda_at_import,
        {"cli.main": "def f():\n    import conda"},
        ["cli.main imports conda"],
    ),
    (conda_at_import, {"in_conda.doctor": "def f():\n    import conda\nimport condax"}, []),
    (conda_at_import, {"machine.conda_settings": "if typing.TYPE_CHECKING:\n    import conda"}, []),
    (
        conda_at_import,
        {"machine.conda_settings": "if TYPE_CHECKING:\n    pass\nelse:\n    import conda"},
        ["machine.conda_settings imports conda"],
    ),
    (conda_lock_anywhere, {"cli": "import conda_lock.export"}, ["cli imports conda_lock.export"]),
    (
        conda_lock_anywhere,
        {CONDA_LOCK_MODULES[0]: "import conda_lock\ndef f():\n    import conda_lock"},
        [f"{CONDA_LOCK_MODULES[0]} imports conda_lock"],
    ),
    (
        late_imports_in_core,
        {"lockfile": "class A:\n    async def f(self):\n        import json"},
        ["lockfile imports json in a function"],
    ),
    (late_imports_in_core, {"cli": "def f():\n    import json", "lockfile": "import json"}, []),
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
    (exits_in_core, {"lockfile": "raise SystemExit(1)"}, ["lockfile raises SystemExit"]),
    (long_hooks, {"hooks.check": "a = 1\n" * 100}, ["hooks.check"]),
    (long_hooks, {"hooks.check": "a = 1\n" * 99, "hooks": "", "cli": "a = 1\n" * 100}, []),
]


@pytest.mark.parametrize(("rule", "planted", "violations"), PLANTED)
def test_rule_sees_a_violation(rule: Rule, planted: dict[str, str], violations: list[str]) -> None:
    """Each rule finds what was planted for it, and nothing in what is allowed."""
    assert rule({module: ast.parse(text) for module, text in planted.items()}) == violations


def test_every_rule_is_tried() -> None:
    """No rule is without a violation that it has been seen to find."""
    assert {rule for rule, _, violations in PLANTED if violations} == set(RULES)


def test_every_command_has_its_module() -> None:
    """``cli.main`` imports commands by name: no other rule sees one that is missing."""
    modules = {name for name in _sources() if name.startswith("cli.commands.")}
    names = (name.replace("-", "_") for name in (*COMMANDS, *HIDDEN))
    assert modules == {f"cli.commands.{name}{'_' * keyword.iskeyword(name)}" for name in names}


def test_every_folder_has_a_floor_and_says_what_lives_there() -> None:
    """No module stands outside of the floors, and no folder is without its sentence."""
    rooms = {room for floor in FLOORS for room in floor}
    assert {_top(name) for name in _sources() if name} == rooms
    folders = {path.parent for path in (REPOSITORY / PACKAGE).rglob("*.py")}
    for folder in folders:
        text = (folder / "__init__.py").read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(text)), folder
