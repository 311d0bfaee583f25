"""Read from a prefix what its activation does."""

from __future__ import annotations

import os
from pathlib import Path

from conda_multiplat.activation.model import Activation, activation, environment_name, prompt_mark
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.prefix import read_mapping, read_variables
from conda_multiplat.vocabulary.errors import UsageError


def read_activation(prefix: Path, settings: Settings) -> Activation:
    """Return what activating ``prefix`` does on this machine.

    Raises:
        UsageError: PATH can't hold the prefix.
        OutsideError: a file of variables can't be read.
    """
    windows = settings.subdir.startswith("win-")
    if (";" if windows else ":") in str(prefix):
        raise UsageError(
            f"{prefix} can't be activated: its name contains the separator of PATH",
            hints=["choose another folder with -p PREFIX"],
        )
    base = settings.root_prefix
    is_base = base is not None and prefix.resolve() == base.resolve()
    name = environment_name(str(prefix), is_base=is_base, windows=windows)
    mark = prompt_mark(settings.env_prompt, str(prefix), name, windows=windows)
    files = _files(prefix / "etc" / "conda" / "env_vars.d")
    return activation(
        str(prefix),
        name,
        prompt=mark if settings.changeps1 else "",
        windows=windows,
        uppercase=settings.envvars_force_uppercase,
        requested=[*(read_mapping(Path(file)) for file in sorted(files)), read_variables(prefix)],
        on=_files(prefix / "etc" / "conda" / "activate.d"),
        off=_files(prefix / "etc" / "conda" / "deactivate.d"),
    )


def _files(folder: Path) -> list[str]:
    return [entry.path for entry in os.scandir(folder)] if folder.is_dir() else []
