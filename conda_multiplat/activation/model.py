"""What it means for an environment to be active, as values: conda's rules, for all shells.

Active is an environment whose folders come first in PATH, whose variables are set and whose
packages' scripts have run. conda's ``activate.py`` is the reference for what, in which order:

1. the deactivation scripts of the environment that was active before;
2. PATH, in which the folders take the place of the other environment's, or come first;
3. variables that go, then those that come: packages' in the order of their files' names, then
   those of ``conda env config vars`` and of the manifest, then conda's own;
4. the activation scripts, by the order of their names' characters.

What was active before, what PATH is and which number the activation has (``CONDA_SHLVL``) are
known only where it happens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

#: Stands in ``conda-meta/state`` for a variable that the environment does not set.
UNSET = "***unset***"
#: Conda's own, and what shells keep for themselves: setting it ends a shell or breaks it.
_RESERVED = (
    *("CONDA_DEFAULT_ENV", "CONDA_PREFIX", "CONDA_PROMPT_MODIFIER", "CONDA_SHLVL", "PATH", "_"),
    *("BASHOPTS", "EGID", "EUID", "GID", "IFS", "OLDPWD", "PPID", "PWD", "SHELLOPTS", "SHLVL"),
    *("UID", "USERNAME", "argv", "path", "pipestatus", "status"),
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
#: What some shell would expand in a prompt, or show as more than one character.
_UNFIT_FOR_PROMPT = re.compile(r"""[\x00-\x1f\x7f\\$`%!"']""")
#: In a prefix of Windows, in PATH's order.
_WINDOWS_FOLDERS = (
    *("", r"\Library\mingw-w64\bin", r"\Library\usr\bin", r"\Library\bin"),
    *(r"\Scripts", r"\bin"),
)


@dataclass(frozen=True)
class Activation:
    """What activating an environment does.

    Attributes:
        prefix: its folder.
        name: how it is called: its name, ``base``, or its folder where it has no name.
        prompt: what goes before a shell's prompt, ``(name) ``; nothing for none.
        windows: whether it is of Windows: its folders are others.
        variables: what is set, in this order.
        unset: the variables that go.
        ignored: variables that are asked for, but can't be set.
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
        """The folders that come first in PATH, as conda has them."""
        if not self.windows:
            return (f"{self.prefix}/bin",)
        top = self.prefix.rstrip("\\/")
        return tuple(top + folder for folder in _WINDOWS_FOLDERS)

    @property
    def separator(self) -> str:
        """What is between two folders of PATH."""
        return ";" if self.windows else ":"

    @property
    def changed(self) -> tuple[str, ...]:
        """The variables that deactivation gives their old values back, conda's own left out."""
        return (*self.unset, *self.variables)

    @property
    def own(self) -> dict[str, str]:
        """Conda's own variables, but for the level."""
        return {
            "CONDA_PREFIX": self.prefix,
            "CONDA_DEFAULT_ENV": self.name,
            "CONDA_PROMPT_MODIFIER": self.prompt,
        }

    def scripts_on(self, suffix: str) -> tuple[str, ...]:
        """The activation scripts of one kind of shell; ``suffix`` has its dot."""
        return tuple(script for script in self.on if script.endswith(suffix))

    def scripts_off(self, suffix: str) -> tuple[str, ...]:
        """The deactivation scripts of one kind of shell."""
        return tuple(script for script in self.off if script.endswith(suffix))


def activation(
    prefix: str,
    name: str,
    *,
    prompt: str = "",
    windows: bool = False,
    uppercase: bool = True,
    asked: Sequence[Mapping[str, Any]] = (),
    on: Iterable[str] = (),
    off: Iterable[str] = (),
) -> Activation:
    """Make the value from what a prefix holds.

    Args:
        prefix: its folder.
        name: its name, ``base`` or its folder.
        prompt: conda's ``env_prompt``, filled in; what a shell would expand is replaced.
        windows: as in :class:`Activation`.
        uppercase: conda's ``envvars_force_uppercase``, true by default.
        asked: variables, the weakest first: each file of ``etc/conda/env_vars.d`` by name, then
            ``env_vars`` of ``conda-meta/state``. ``None`` unsets; :data:`UNSET` takes back what
            a weaker one asks for.
        on: the paths of the activation scripts, in any order.
        off: those of the deactivation scripts.
    """
    wanted: dict[str, Any] = {}
    for each in asked:
        wanted |= {key.upper() if uppercase else key: value for key, value in each.items()}
    wanted = {key: value for key, value in wanted.items() if value != UNSET}
    fit = {key: value for key, value in wanted.items() if _can_be_set(key, value)}
    return Activation(
        prefix=prefix,
        name=name,
        prompt=_UNFIT_FOR_PROMPT.sub("_", prompt),
        windows=windows,
        variables={key: str(value) for key, value in fit.items() if value is not None},
        unset=tuple(key for key, value in fit.items() if value is None),
        ignored=tuple(key for key in wanted if key not in fit),
        on=tuple(sorted(on)),
        off=tuple(sorted(off, reverse=True)),
    )


def _can_be_set(name: str, value: Any) -> bool:
    """Whether every shell can set it: a name of letters, digits and ``_``, a value without NUL."""
    return bool(_NAME.fullmatch(name)) and name not in _RESERVED and "\0" not in str(value)


def environment_name(prefix: str, *, is_base: bool, windows: bool = False) -> str:
    """How conda calls an environment: its name if it lies in a folder ``envs``, else its folder."""
    if is_base:
        return "base"
    folder, _, name = _slashes(prefix, windows=windows).rpartition("/")
    return name if folder.rpartition("/")[2] == "envs" else prefix


def prompt_mark(template: str, prefix: str, name: str, *, windows: bool = False) -> str:
    """Conda's ``env_prompt`` for an environment; what can't be filled in gives conda's default."""
    last = _slashes(prefix, windows=windows).rpartition("/")[2]
    try:
        return template.format(default_env=name, stacked_env=name, prefix=prefix, name=last)
    except (KeyError, IndexError, ValueError, AttributeError):
        return f"({name}) "


def _slashes(path: str, *, windows: bool) -> str:
    return path.replace("\\", "/") if windows else path


def is_active(prefix: str, environ: Mapping[str, str]) -> bool:
    """Whether the environment is the active one."""
    return level(environ) > 0 and environ.get("CONDA_PREFIX") == prefix


def level(environ: Mapping[str, str]) -> int:
    """How many environments have been activated on top of each other; 0 for none."""
    text = environ.get("CONDA_SHLVL", "")
    fits = re.fullmatch(r"[1-9][0-9]{0,5}", text, re.ASCII) and environ.get("CONDA_PREFIX")
    return int(text) if fits else 0


def activated(activation: Activation, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process in which an environment is active, but for its scripts.

    As the scripts of ``render.shells`` do it, without what they need to go back.
    """
    number = level(environ)
    before = environ["CONDA_PREFIX"] if number else ""
    again = before == activation.prefix
    variables = {key: value for key, value in environ.items() if key not in activation.unset}
    if before and not again:
        variables[f"CONDA_PREFIX_{number}"] = before
    if not again or activation.path[0] not in _entries(activation, environ):
        variables["PATH"] = _path(activation, environ, before)
    variables |= {**activation.variables, **activation.own}
    variables["CONDA_SHLVL"] = str(number if again else number + 1)
    return variables


def _entries(activation: Activation, environ: Mapping[str, str]) -> list[str]:
    path = environ.get("PATH", "")
    return path.split(activation.separator) if path else []


def _path(activation: Activation, environ: Mapping[str, str], before: str) -> str:
    """PATH with the environment's folders in the place of those of ``before``, or first."""
    entries = _entries(activation, environ)
    gone = replace(activation, prefix=before).path if before else ()
    at = next((at for at, each in enumerate(entries) if each in gone), 0)
    rest = [entry for entry in entries[at:] if entry not in gone]
    return activation.separator.join([*entries[:at], *activation.path, *rest])
