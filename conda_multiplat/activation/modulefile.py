"""Module files: an installed environment for ``module load``, in Tcl and in Lua.

Environment Modules reads Tcl, Lmod reads both. Only commands that they revert themselves when a
module is unloaded are used: for PATH, variables (``pushenv`` restores the old value), and scripts
(``source-sh`` of Environment Modules 4.6, ``source_sh`` of Lmod 8.6).

https://modules.readthedocs.io/en/latest/modulefile.html
https://lmod.readthedocs.io/en/latest/050_lua_modulefiles.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from conda_multiplat.activation.model import Activation

#: The suffix of a module's file name, by kind.
SUFFIXES = {"tcl": "", "lmod": ".lua"}
#: The suffix of scripts to run: the tools run each in a separate shell and copy its changes.
_SCRIPTS = ".sh"
#: ``pushenv``, if it exists, restores old values at unloading. Environment Modules keeps them in a
#: list separated by colons, and takes a value with a colon for two. Lmod's ``pushenv`` in a Tcl
#: file pushes twice, so unloading would leave the value.
_TCL_SET = (
    "proc multiplat_set {name value} {",
    '    set lmod [expr {[info exists ::ModuleTool] && $::ModuleTool eq "Lmod"}]',
    '    set pushed [expr {!$lmod && [string first ":" $value] < 0}]',
    "    if {$pushed && [llength [info commands pushenv]]} {",
    "        pushenv $name $value",
    "    } else {",
    "        setenv $name $value",
    "    }",
    "}",
)
_TCL_SPECIAL = re.compile(r'[\\"$\[\]{};#]')
_LUA_SPECIAL = re.compile(r'[\\"\x00-\x1f\x7f]')
_LUA_COMMAND = re.compile(
    r"^\s*(?:whatis|help|family|conflict|prereq|load|setenv|pushenv|prepend_path)\s*[(\"'\[]",
    re.MULTILINE,
)
_LINE_BREAK = re.compile(r"[\n\r]")
_UNSAFE_IN_SHELL = re.compile(r"[^\w@%+=:,./-]", re.ASCII)


@dataclass(frozen=True)
class Module:
    """The content of a module file.

    Attributes:
        family: the first part of its name; only one module of a family can be loaded.
        name: the second part of its name.
        lock: the lock that the environment was installed from.
        activation: the activation that loading it performs.
        prereqs: the modules that must be loaded before.
    """

    family: str
    name: str
    lock: str
    activation: Activation
    prereqs: Sequence[str] = ()

    @property
    def summary(self) -> str:
        """The line for ``module whatis``."""
        file = self.lock.replace("\\", "/").rpartition("/")[2]
        return f"conda environment {self.activation.name}, locked in {file}"

    @property
    def help(self) -> tuple[str, ...]:
        """The lines of ``module help``."""
        return (
            f"the conda environment {self.activation.name}",
            f"in {self.activation.prefix}",
            f"locked in {self.lock}",
        )

    @property
    def variables(self) -> dict[str, str]:
        """The variables to set, without that of the prompt."""
        conda_variables = {
            k: v for k, v in self.activation.conda_variables.items() if k != "CONDA_PROMPT_MODIFIER"
        }
        return {**self.activation.variables, **conda_variables, "CONDA_SHLVL": "1"}


def render(module: Module, kind: str) -> str:
    """Return the file's text, which has no date; ``kind`` is ``tcl`` or ``lmod``."""
    lines = _tcl(module) if kind == "tcl" else _lua(module)
    return "\n".join(lines) + "\n"


def is_module(text: str) -> bool:
    """Return whether a text is a module file, ours or another."""
    return text.startswith("#%Module") or bool(_LUA_COMMAND.search(text))


def without_line_breaks(activation: Activation) -> tuple[Activation, tuple[str, ...]]:
    """Split off the variables that a module can't set.

    Their values have line breaks, which would end the command that the tools print for the shell
    and begin another one.

    Returns:
        The activation without them, and their names.
    """
    settable = {k: v for k, v in activation.variables.items() if not _LINE_BREAK.search(v)}
    gone = tuple(variable for variable in activation.variables if variable not in settable)
    return replace(activation, variables=settable), (*activation.ignored, *gone)


def expanded_by_tcl(module: Module) -> list[str]:
    """Return the variables in which shells expand ``~``: Environment Modules can't prevent it."""
    return [name for name, value in module.variables.items() if re.search(r"(^|:)~", value)]


def tcl_word(text: str) -> str:
    """Quote ``text`` as a word of a Tcl script."""
    return f'"{_escaped(text, _TCL_SPECIAL, _tcl_escape)}"'


def lua_string(text: str) -> str:
    """Quote ``text`` as a Lua string."""
    return f'"{_escaped(text, _LUA_SPECIAL, _lua_escape)}"'


def _escaped(text: str, special: re.Pattern[str], escape: Callable[[str], str]) -> str:
    return special.sub(lambda match: escape(match[0]), text)


def _tcl_escape(character: str) -> str:
    return f"\\{character}"


def _lua_escape(character: str) -> str:
    return f"\\{character}" if character in '\\"' else f"\\{ord(character):03}"


def _tcl(module: Module) -> list[str]:
    scripts = [
        f"    source-sh bash {tcl_word(script)}"
        for script in module.activation.scripts_on(_SCRIPTS)
    ]
    return [
        "#%Module1.0",
        "# Made by `conda multiplat modulefile`.",
        f"module-whatis {tcl_word(module.summary)}",
        "proc ModulesHelp { } {",
        *(f"    puts stderr {tcl_word(line)}" for line in module.help),
        "}",
        f"conflict {tcl_word(module.family)}",
        *(f"prereq {tcl_word(prereq)}" for prereq in module.prereqs),
        *_TCL_SET,
        *(f"prepend-path PATH {tcl_word(folder)}" for folder in reversed(module.activation.path)),
        *(f"unsetenv {variable}" for variable in module.activation.unset),
        *(f"multiplat_set {name} {tcl_word(value)}" for name, value in module.variables.items()),
        *(_tcl_scripts(scripts) if scripts else []),
    ]


def _tcl_scripts(commands: Sequence[str]) -> list[str]:
    return [
        "if {[llength [info commands source-sh]]} {",
        *commands,
        "} elseif {[module-info mode load]} {",
        '    puts stderr "activation scripts are not run: that needs Environment Modules 4.6"',
        "}",
    ]


def _lua(module: Module) -> list[str]:
    scripts = [
        f'    source_sh("bash", {lua_string(_lmod_script(script))})'
        for script in module.activation.scripts_on(_SCRIPTS)
    ]
    return [
        "-- Made by `conda multiplat modulefile`.",
        f"whatis({lua_string(module.summary)})",
        f"help({', '.join(lua_string(line + chr(10)) for line in module.help)})",
        f"conflict({lua_string(module.family)})",
        *(f"prereq({lua_string(prereq)})" for prereq in module.prereqs),
        *(
            f'prepend_path("PATH", {lua_string(folder)})'
            for folder in reversed(module.activation.path)
        ),
        *(f"unsetenv({lua_string(variable)})" for variable in module.activation.unset),
        *(
            f"pushenv({lua_string(name)}, {lua_string(value)})"
            for name, value in module.variables.items()
        ),
        *(_lua_scripts(scripts) if scripts else []),
    ]


def _lmod_script(path: str) -> str:
    """Return a script for Lmod: a command line of bash, which Lmod puts between two ``"`` for sh.

    Lmod does not escape ``"`` in it, so it must not contain any.
    """
    if not _UNSAFE_IN_SHELL.search(path):
        return path
    quoted = path.replace("'", r"'\''").replace('"', r"'$'\x22''")
    return re.sub(r"[\\$`]", r"\\\g<0>", f"'{quoted}'")


def _lua_scripts(commands: Sequence[str]) -> list[str]:
    return [
        "if source_sh then",
        *commands,
        'elseif mode() == "load" then',
        '    LmodMessage("activation scripts are not run: that needs Lmod 8.6")',
        "end",
    ]
