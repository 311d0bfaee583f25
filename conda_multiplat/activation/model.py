"""Activation of an environment as a value, by conda's rules, for all shells.

An environment is active if its folders come first in PATH, its variables are set and its packages'
scripts have run. conda's ``activate.py`` is the reference for the steps and their order:

1. the deactivation scripts of the environment that was active before;
2. PATH, in which the folders take the place of the other environment's, or come first;
3. variables are unset, then set: those of packages in the order of their file names, then those of
   ``conda env config vars`` and of the manifest, then conda's own;
4. the activation scripts, sorted by the characters of their names.

The environment that was active before, PATH and the level (``CONDA_SHLVL``) are known only at the
time of activation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

#: The value in ``conda-meta/state`` of a variable that the environment does not set.
UNSET = "***unset***"
#: conda's own variables, and shells' variables that end or break a shell when they are set.
_RESERVED = (
    *("CONDA_DEFAULT_ENV", "CONDA_PREFIX", "CONDA_PROMPT_MODIFIER", "CONDA_SHLVL", "PATH", "_"),
    *("BASHOPTS", "EGID", "EUID", "GID", "IFS", "OLDPWD", "PPID", "PWD", "SHELLOPTS", "SHLVL"),
    *("UID", "USERNAME", "argv", "path", "pipestatus", "status"),
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
#: Characters that some shell expands in a prompt, or shows as more than one character.
_UNFIT_FOR_PROMPT = re.compile(r"""[\x00-\x1f\x7f\\$`%!"']""")
#: The folders of a Windows prefix, in the order of PATH.
_WINDOWS_FOLDERS = (
    *("", r"\Library\mingw-w64\bin", r"\Library\usr\bin", r"\Library\bin"),
    *(r"\Scripts", r"\bin"),
)


@dataclass(frozen=True)
class Activation:
    """The activation of an environment.

    Attributes:
        prefix: the path of its folder.
        name: its name, ``base``, or its folder if it has no name.
        prompt: the prefix of a shell's prompt, ``(name) ``; may be ``""``.
        windows: whether it is for Windows, where its folders differ.
        variables: the variables to set, in this order.
        unset: the variables to unset.
        ignored: requested variables that can't be set.
        on: the scripts of ``etc/conda/activate.d``, for all shells, in the order to run.
        off: those of ``etc/conda/deactivate.d``.
    """

    prefix: str
    name: str
    prompt: str = ""
    windows: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()

    @property
    def path(self) -> tuple[str, ...]:
        """The folders that come first in PATH, as in conda."""
        if not self.windows:
            return (f"{self.prefix}/bin",)
        top = self.prefix.rstrip("\\/")
        return tuple(top + folder for folder in _WINDOWS_FOLDERS)

    @property
    def separator(self) -> str:
        """The separator of PATH."""
        return ";" if self.windows else ":"

    @property
    def changed(self) -> tuple[str, ...]:
        """The variables that deactivation restores, without conda's own."""
        return (*self.unset, *self.variables)

    @property
    def conda_variables(self) -> dict[str, str]:
        """The variables that conda itself sets, without the level."""
        return {
            "CONDA_PREFIX": self.prefix,
            "CONDA_DEFAULT_ENV": self.name,
            "CONDA_PROMPT_MODIFIER": self.prompt,
        }

    def scripts_on(self, suffix: str) -> tuple[str, ...]:
        """Return the activation scripts for a kind of shell; ``suffix`` includes the dot."""
        return tuple(script for script in self.on if script.endswith(suffix))

    def scripts_off(self, suffix: str) -> tuple[str, ...]:
        """Return the deactivation scripts for a kind of shell; ``suffix`` includes the dot."""
        return tuple(script for script in self.off if script.endswith(suffix))


def activation(
    prefix: str,
    name: str,
    *,
    prompt: str = "",
    windows: bool = False,
    uppercase: bool = True,
    requested: Sequence[Mapping[str, Any]] = (),
    on: Iterable[str] = (),
    off: Iterable[str] = (),
) -> Activation:
    """Return the activation for the content of a prefix.

    Args:
        prefix: the path of its folder.
        name: its name, ``base`` or its folder.
        prompt: conda's ``env_prompt``, filled in; characters that a shell expands are replaced.
        windows: as in :class:`Activation`.
        uppercase: conda's ``envvars_force_uppercase``, true by default.
        requested: variables, the weakest first: each file of ``etc/conda/env_vars.d`` by name, then
            ``env_vars`` of ``conda-meta/state``. ``None`` unsets; :data:`UNSET` removes a
            weaker entry.
        on: the paths of the activation scripts, in any order.
        off: those of the deactivation scripts.
    """
    values: dict[str, Any] = {}
    for variable in requested:
        values |= {key.upper() if uppercase else key: value for key, value in variable.items()}
    values = {key: value for key, value in values.items() if value != UNSET}
    fit = {key: value for key, value in values.items() if _can_be_set(key, value)}
    return Activation(
        prefix=prefix,
        name=name,
        prompt=_UNFIT_FOR_PROMPT.sub("_", prompt),
        windows=windows,
        variables={key: str(value) for key, value in fit.items() if value is not None},
        unset=tuple(key for key, value in fit.items() if value is None),
        ignored=tuple(key for key in values if key not in fit),
        on=tuple(sorted(on)),
        off=tuple(sorted(off, reverse=True)),
    )


def _can_be_set(name: str, value: Any) -> bool:
    """Return whether every shell can set a variable: a plain name, and no NUL in its value."""
    return bool(_NAME.fullmatch(name)) and name not in _RESERVED and "\0" not in str(value)


def environment_name(prefix: str, *, is_base: bool, windows: bool = False) -> str:
    """Return conda's name of an environment: its name if it is below ``envs``, else its path."""
    if is_base:
        return "base"
    folder, _, name = _slashes(prefix, windows=windows).rpartition("/")
    return name if folder.rpartition("/")[2] == "envs" else prefix


def prompt_mark(template: str, prefix: str, name: str, *, windows: bool = False) -> str:
    """Fill in conda's ``env_prompt``; an invalid template gives conda's default."""
    last = _slashes(prefix, windows=windows).rpartition("/")[2]
    try:
        return template.format(default_env=name, stacked_env=name, prefix=prefix, name=last)
    except (KeyError, IndexError, ValueError, AttributeError):
        return f"({name}) "


def _slashes(path: str, *, windows: bool) -> str:
    return path.replace("\\", "/") if windows else path


def is_active(prefix: str, environ: Mapping[str, str]) -> bool:
    """Return whether the environment is the active one."""
    return level(environ) > 0 and environ.get("CONDA_PREFIX") == prefix


def level(environ: Mapping[str, str]) -> int:
    """Return the number of environments that are activated on top of each other."""
    text = environ.get("CONDA_SHLVL", "")
    fits = re.fullmatch(r"[1-9][0-9]{0,5}", text, re.ASCII) and environ.get("CONDA_PREFIX")
    return int(text) if fits else 0


def activated(activation: Activation, environ: Mapping[str, str]) -> dict[str, str]:
    """Return a process's environment variables with the activation applied, without its scripts.

    They are as ``activation.shells`` sets them, without the state that deactivation needs.
    """
    number = level(environ)
    before = environ["CONDA_PREFIX"] if number else ""
    again = before == activation.prefix
    variables = {key: value for key, value in environ.items() if key not in activation.unset}
    if before and not again:
        variables[f"CONDA_PREFIX_{number}"] = before
    if not again or activation.path[0] not in _entries(activation, environ):
        variables["PATH"] = _path(activation, environ, before)
    variables |= {**activation.variables, **activation.conda_variables}
    variables["CONDA_SHLVL"] = str(number if again else number + 1)
    return variables


def _entries(activation: Activation, environ: Mapping[str, str]) -> list[str]:
    path = environ.get("PATH", "")
    return path.split(activation.separator) if path else []


def _path(activation: Activation, environ: Mapping[str, str], before: str) -> str:
    """Return PATH with the environment's folders in place of those of ``before``, or first."""
    entries = _entries(activation, environ)
    gone = replace(activation, prefix=before).path if before else ()
    at = next((at for at, entry in enumerate(entries) if entry in gone), 0)
    rest = [entry for entry in entries[at:] if entry not in gone]
    return activation.separator.join([*entries[:at], *activation.path, *rest])
