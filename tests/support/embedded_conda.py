"""``python -m support.embedded_conda ARGS``: the real conda 24.7.1 inside conda-lock, as a command.

conda-lock carries conda as ``conda_lock._vendor.conda``. With that package found under its own
name too, conda's command line, plugin manager, solver and transactions work as they do for a
user. There is no ``conda/shell`` in it, so that ``conda init`` and ``conda activate`` don't.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

_REAL = "conda_lock._vendor."


class _Alias(MetaPathFinder, Loader):
    """Finds ``conda.x`` as ``conda_lock._vendor.conda.x``: the same module, not a second one."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == "conda" or fullname.startswith("conda."):
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__
        sys.modules[name] = importlib.import_module(_REAL + name)


def install_alias() -> None:
    """Make ``import conda`` find the embedded conda.

    The packages around it get their folders but are not run: ``conda_lock/__init__.py`` imports
    all of conda-lock, which would be most of the time that a test's command takes.
    """
    if any(isinstance(finder, _Alias) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _Alias())
    spec = importlib.util.find_spec("conda_lock")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    _hollow_package("conda_lock", folders)
    _hollow_package("conda_lock._vendor", [str(Path(each) / "_vendor") for each in folders])


def _hollow_package(name: str, folders: list[str]) -> None:
    package = ModuleType(name)
    package.__path__ = folders
    sys.modules[name] = package


def main() -> int:
    """Run conda's command line."""
    install_alias()
    conda_main = importlib.import_module("conda.cli.main").main
    return int(conda_main() or 0)


if __name__ == "__main__":
    sys.exit(main())
