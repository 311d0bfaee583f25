"""``python -m support.embedded_conda ARGS``: the real conda 24.7.1 inside conda-lock, as a command.

conda-lock carries conda as ``conda_lock._vendor.conda``. With that package found under its own
name too, conda's command line, plugin manager, solver and transactions work as they do for a
user. There is no ``conda/shell`` in it: :mod:`support.hosts` writes what ``conda activate`` and
``conda run`` need of it; ``conda init`` doesn't work. It may be loaded before
the environment is known: see :func:`load`.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import multiprocessing
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace

_REAL = "conda_lock._vendor."
#: What brings most of what commands of conda's import.
_LOADED = (
    "conda.cli.main",
    "conda.cli.conda_argparse",
    "conda.cli.install",
    "conda.core.solve",
    "conda.misc",
    "conda.plugins.manager",
    "conda.plugins.subcommands.doctor.health_checks",
)


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
    if "conda" in sys.modules or any(isinstance(finder, _Alias) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _Alias())
    spec = importlib.util.find_spec("conda_lock")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    _hollow_package("conda_lock", folders)
    _hollow_package("conda_lock._vendor", [str(Path(folder) / "_vendor") for folder in folders])


def _hollow_package(name: str, folders: list[str]) -> None:
    package = ModuleType(name)
    package.__path__ = folders
    sys.modules[name] = package


def _stay_in_root(root: Path) -> None:
    """Make ``root`` all that this conda takes for its own.

    conda's rc files, ``CONDA_EXE`` and what ``conda init`` writes are under ``sys.prefix``, which
    is the developer's virtual environment here. Comes before conda is imported, which keeps a copy.
    """
    sys.prefix = str(root)
    if sys.argv[1:2] and sys.argv[1].startswith("shell."):
        activate = importlib.import_module("conda.activate")
        activate.PosixActivator.hook_source_path = root / "etc" / "profile.d" / "conda.sh"


def _stay_in_home() -> None:
    """Make root an ordinary user, whose environments are those of HOME.

    For an administrator ``conda env list`` and ``conda info`` read, and tidy, the
    ``environments.txt`` of every account of the machine, wherever HOME is.
    """
    importlib.import_module("conda.common._os").is_admin = lambda: False  # type: ignore[attr-defined]


def load() -> None:
    """Import conda for processes that are forked from this one, whose :func:`main` begins anew."""
    install_alias()
    _give_back_locks()
    _stay_in_home()
    for name in _LOADED:
        importlib.import_module(name)


def _read_environment_again() -> None:
    """Have a conda that was loaded before know what it reads as it is imported."""
    os.environ.setdefault("CONDA_ROOT", sys.prefix)
    context = importlib.import_module("conda.base.context")
    paths = {
        "user_rc_path": str(Path("~/.condarc").expanduser().absolute()),
        "sys_rc_path": str(Path(sys.prefix, ".condarc")),
    }
    for module in (context, sys.modules[f"{_REAL}conda.cli.conda_argparse"]):
        vars(module).update(paths)
    context.reset_context()
    _fork_to_look_for_cuda()


def _fork_to_look_for_cuda() -> None:
    """Have conda look in a forked process: a spawned one begins with an interpreter and conda."""
    cuda = importlib.import_module("conda.plugins.virtual_packages.cuda")
    fork = multiprocessing.get_context("fork")
    cuda.multiprocessing = SimpleNamespace(get_context=lambda _: fork)  # type: ignore[attr-defined]


def _give_back_locks() -> None:
    """Let this conda lock ``logging`` by functions that Python 3.13 has no more."""
    if not hasattr(logging, "_acquireLock"):
        lock = logging._lock  # type: ignore[attr-defined]
        logging._acquireLock = lock.acquire  # type: ignore[attr-defined]
        logging._releaseLock = lock.release  # type: ignore[attr-defined]


def main() -> int:
    """Run conda's command line."""
    was_loaded = "conda" in sys.modules
    install_alias()
    _give_back_locks()
    if root := os.environ.get("CONDA_ROOT_PREFIX"):
        _stay_in_root(Path(root))
    _stay_in_home()
    if was_loaded:
        _read_environment_again()
    conda_main = importlib.import_module("conda.cli.main").main
    return int(conda_main() or 0)


if __name__ == "__mp_main__":  # a process that conda spawned, to look for a CUDA driver
    install_alias()
if __name__ == "__main__":
    sys.exit(main())
