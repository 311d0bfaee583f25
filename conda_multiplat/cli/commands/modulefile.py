"""``conda multiplat modulefile``: an installed environment for ``module load``."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from conda_multiplat.actions.enter_environment import InstalledEnvironment, installed_environment
from conda_multiplat.activation.model import Activation
from conda_multiplat.activation.modulefile import (
    SUFFIXES,
    Module,
    expanded_by_tcl,
    is_module,
    render,
    without_line_breaks,
)
from conda_multiplat.cli.options import invocation, invocation_options, several
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import shown
from conda_multiplat.machine.named_outputs import (
    refuse_others,
    require_place,
    with_text,
    write_named,
)
from conda_multiplat.machine.read_activation import read_activation
from conda_multiplat.machine.streams import is_stream
from conda_multiplat.vocabulary.errors import OutsideError, UnmetError, UsageError

EXAMPLES = """\
examples:
  conda multiplat modulefile -e cuda12 -o ~/modules/            # ~/modules/robot/cuda12
  conda multiplat modulefile --kind lmod --prereq cuda-driver -o cuda12.lua
  module use ~/modules; module load robot/cuda12
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--kind",
        choices=("tcl", "lmod"),
        help="Tcl for Environment Modules, Lua for Lmod "
        "(default: by FILE's name, or by the tool in this shell)",
    )
    invocation_options(parser)
    parser.add_argument(
        "--family",
        dest="module_family",
        metavar="FAMILY",
        help="the family: only one of its modules can be loaded at a time "
        "(default: the manifest's name)",
    )
    summary = "modules that must be loaded first"
    several(parser, "--prereq", dest="prereqs", metavar="MODULE", summary=summary)
    parser.add_argument(
        "-o",
        "--output",
        dest="output_file",
        metavar="FILE",
        help="the file to write, or a folder for FAMILY/ENV (default: standard output)",
    )


_LMOD = SUFFIXES["lmod"]


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Make a module file."""
    output = args.output_file
    if output:
        require_place(Path(output).expanduser().absolute(), json=console.json)
    here = installed_environment(invocation(args, settings, console))
    _refuse_another(here)
    module = _module(here, args.module_family, args.prereqs, settings, console)
    kind = args.kind or _kind(output)
    if kind == "tcl" and (tildes := expanded_by_tcl(module)):
        console.say(
            f"warning: Environment Modules expands `~` in {', '.join(tildes)}: "
            "use --kind lmod, or write the variable without `~`"
        )
    text = render(module, kind)
    path = _path(output, module, kind) if output else None
    loads = f" it loads {here.environment} from {here.where}"
    if path:
        refuse_others(path, "a module file", with_text(is_module))
        _write(path, text)
        name = f"{path.parent.name}/{path.name.removesuffix(_LMOD)}"
        console.say(f" wrote {shown(path)}")
        console.say(loads)
        if not is_stream(path):
            folder = shlex.quote(str(path.parent.parent))
            console.say(f" module use {folder}; module load {shlex.quote(name)}")
    else:
        console.show_file(text.removesuffix("\n"))
        console.say(loads)
    console.result(
        {
            "kind": kind,
            "module": f"{module.family}/{module.name}",
            "prefix": str(here.where),
            "environment": here.environment,
            "skipped": [environment.to_dict() for environment in here.skipped],
            "file": str(path) if path else None,
            "text": text,
        }
    )
    return 0


def _module(
    here: InstalledEnvironment,
    family: str | None,
    prereqs: Sequence[str],
    settings: Settings,
    console: Console,
) -> Module:
    activation, left_out = without_line_breaks(read_activation(here.where, settings))
    _refuse_unfit(activation, settings)
    if left_out:
        console.say(
            f"warning: left out, since no module can set them: {', '.join(left_out)} (give them "
            "names that shells can set, and values without line breaks, in `variables:`)"
        )
    family = family or here.project.manifest.name
    if family is None:
        raise UsageError(
            "the manifest has no `name:`", hints=["name the module's family: --family NAME"]
        )
    for name in (family, *prereqs):
        if not _fit_for_module(name):
            raise UsageError(f"{name!r} can't be a module's name")
    lock = here.marker.get("lock") or here.project.lock_path(here.environment)
    return Module(family, here.environment, str(lock), activation, tuple(prereqs))


def _refuse_another(here: InstalledEnvironment) -> None:
    """Refuse a prefix that another environment is installed in: the module would be misnamed."""
    noted = here.marker.get("environment")
    if noted and noted != here.environment:
        raise UnmetError(
            f"{here.where} has {noted} installed, not {here.environment}",
            hints=[
                f"-n or -p names the conda environment that {here.environment} is installed in",
                f"to install it: conda multiplat install -e {here.environment}",
            ],
        )


def _fit_for_module(name: str) -> bool:
    plain = name.isprintable() and " " not in name and not name.startswith("-")
    return plain and bool(name.strip("./"))


def _refuse_unfit(activation: Activation, settings: Settings) -> None:
    if settings.subdir.startswith("win-"):
        raise UsageError("environment modules exist only on Unix")
    if not activation.prefix.isprintable():
        raise UsageError(
            f"{activation.prefix!r} can't be loaded as a module: its name has control characters",
            hints=["choose another folder with -p PREFIX"],
        )


def _kind(output: str | None) -> str:
    """Return the kind of a module file by the name of FILE, otherwise by the tool in this shell."""
    if output is not None and not _is_folder(output) and not is_stream(Path(output)):
        return "lmod" if output.endswith(_LMOD) else "tcl"
    return "lmod" if "LMOD_CMD" in os.environ else "tcl"


def _path(output: str, module: Module, kind: str) -> Path:
    """Return the path of the module file; in a folder, it is where ``module load`` looks for it."""
    if is_stream(Path(output)):
        return Path(output)
    path = Path(output).expanduser().resolve()
    if _is_folder(output):
        return path / module.family / f"{module.name}{SUFFIXES[kind]}"
    if path.name.endswith(_LMOD) != (kind == "lmod"):
        rule = "Lmod takes only files that end in .lua" if kind == "lmod" else ".lua means Lmod"
        raise UsageError(f"-o {output} can't be used with --kind {kind}: {rule}")
    return path


def _is_folder(output: str) -> bool:
    return output.endswith("/") or Path(output).expanduser().is_dir()


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutsideError(f"can't create {path.parent}: {error.strerror}") from None
    write_named(path, text)
