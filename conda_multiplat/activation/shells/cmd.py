"""cmd.exe: a batch file that is called, and called again with ``--deactivate``.

As in tcsh, deactivation restores the old PATH. An environment that conda had activated before stays
in PATH after ours, and its scripts are not run.
"""

from __future__ import annotations

import re

from conda_multiplat.activation.model import Activation
from conda_multiplat.activation.shells.placeholders import fill
from conda_multiplat.vocabulary.errors import UsageError

_TEXT = r"""
@if /i "%~1"=="--deactivate" goto :__multiplat_off
@if defined __MULTIPLAT_ACTIVE call "%__MULTIPLAT_ACTIVE%" --deactivate
@set "__MULTIPLAT_ACTIVE=%~f0"
@set "__MULTIPLAT_LEVEL=0"
@if defined CONDA_PREFIX if defined CONDA_SHLVL set "__MULTIPLAT_LEVEL=%CONDA_SHLVL%"
@if not "%__MULTIPLAT_LEVEL%"=="0" set "CONDA_PREFIX_%__MULTIPLAT_LEVEL%=%CONDA_PREFIX%"
@KEEP@
@set __MULTIPLAT_OLD_PROMPT=%PROMPT%
@set "__MULTIPLAT_OLD_PATH=%PATH%"
@set PATH=@PATH@;%PATH%
@CHANGE@
@set /a "CONDA_SHLVL=__MULTIPLAT_LEVEL+1" >nul
@set PROMPT=@PROMPT@%PROMPT%
@doskey multiplat_deactivate=call "%~f0" --deactivate
@ON@
@goto :eof

:__multiplat_off
@if not defined __MULTIPLAT_ACTIVE goto :eof
@set "PATH=%__MULTIPLAT_OLD_PATH%"
@OFF@
@set PROMPT=%__MULTIPLAT_OLD_PROMPT%
@RESTORE@
@set "CONDA_PREFIX_%__MULTIPLAT_LEVEL%="
@for %%v in (ACTIVE LEVEL OLD_PATH OLD_PROMPT) do @set "__MULTIPLAT_%%v="
@doskey multiplat_deactivate=
"""
_SPECIAL = re.compile(r'[\^&|<>"()!]')


def escape(text: str) -> str:
    """Escape a value of ``set NAME=VALUE`` with carets: quotes would end at the wrong place.

    Raises:
        UsageError: it has an end of line, which a batch file can't write.
    """
    if "\n" in text or "\r" in text:
        raise UsageError("cmd can't set a variable of several lines", details=[repr(text)])
    return _SPECIAL.sub(lambda match: "^" + match.group(), text).replace("%", "%%")


def _call(scripts: tuple[str, ...]) -> str:
    return "\n".join('@call "{}"'.format(script.replace("%", "%%")) for script in scripts)


def hook(activation: Activation) -> str:
    """Return the batch file's text.

    Raises:
        UsageError: a variable has several lines.
    """
    names = (*activation.changed, *activation.conda_variables, "CONDA_SHLVL")
    values = {**activation.variables, **activation.conda_variables}
    change = [f'@set "{name}="' for name in activation.unset]
    change += [f"@set {name}={escape(value)}" for name, value in values.items()]
    text = fill(
        _TEXT,
        activation,
        comment="@rem",
        PATH=";".join(map(escape, activation.path)),
        PROMPT=escape(activation.prompt.replace("$", "$$")),
        KEEP="\n".join(f"@set __MULTIPLAT_OLD_{name}=%{name}%" for name in names),
        CHANGE="\n".join(change),
        RESTORE="\n".join(_restore(name) for name in names),
        ON=_call(activation.scripts_on(".bat")),
        OFF=_call(activation.scripts_off(".bat")),
    )
    return text.replace("\n", "\r\n")


def _restore(name: str) -> str:
    saved = f"__MULTIPLAT_OLD_{name}"
    return f'@set "{name}=%{saved}%"\n@set "{saved}="'
