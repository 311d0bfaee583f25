"""xonsh: Python with the shell's environment in ``${...}``.

As in conda, packages' bash scripts are used: xonsh runs them in bash and takes over what they
change.
"""

from __future__ import annotations

from conda_multiplat.activation.model import Activation
from conda_multiplat.activation.shells.placeholders import fill

_TEXT = r"""
def __multiplat_define():
    import glob
    import os
    import sys

    from xonsh.built_ins import XSH

    env = XSH.env
    aliases = XSH.aliases

    def scripts(folder, reverse=False):
        for each in sorted(glob.glob(glob.escape(folder) + '/*@SUFFIX@'), reverse=reverse):
            aliases[@SOURCE@]([*@OPTIONS@, each])

    def replace(old, new):
        path = env['PATH']
        entries = list(path)
        at = entries.index(old[0]) if old and old[0] in entries else 0
        gone = len(old) if old and entries[at:at + len(old)] == old else 0
        entries[at:at + gone] = new
        env['PATH'] = entries

    def folders(prefix):
        return [prefix + each for each in @FOLDERS@]

    def level():
        text = str(env.get('CONDA_SHLVL', ''))
        return int(text) if env.get('CONDA_PREFIX') and text.isdecimal() else 0

    def names(number):
        found, _, prefix = str(env.get(f'__MULTIPLAT_{number}', '')).partition(':')
        return found.split() if prefix == env.get('CONDA_PREFIX') else []

    def swap(source, target):
        if source in env:
            env[target] = env[source]
        else:
            env.pop(target, None)

    def deactivate(arguments=(), stdin=None, stdout=None, stderr=None):
        number = level()
        changed = names(number)
        if not changed:
            message = 'multiplat_deactivate: conda multiplat has activated nothing here'
            print(message, file=stderr or sys.stderr)
            return 1
        prefix = env['CONDA_PREFIX']
        below = number - 1
        before = env.get(f'CONDA_PREFIX_{below}', '')
        replace(folders(prefix), folders(before) if before else [])
        scripts(prefix + '/etc/conda/deactivate.d', reverse=True)
        for name in changed:
            swap(f'__CONDA_SHLVL_{below}_{name}', name)
            env.pop(f'__CONDA_SHLVL_{below}_{name}', None)
        env.pop(f'__MULTIPLAT_{number}', None)
        env.pop(f'CONDA_PREFIX_{below}', None)
        if before:
            scripts(before + '/etc/conda/activate.d')
        return 0

    def activate(prefix, unset, values):
        if env.get('CONDA_PREFIX') == prefix and names(level()):
            deactivate()
        number = level()
        before = env['CONDA_PREFIX'] if number else ''
        if before == prefix:
            return
        if before:
            scripts(before + '/etc/conda/deactivate.d', reverse=True)
            env[f'CONDA_PREFIX_{number}'] = before
        replace(folders(before) if before else [], folders(prefix))
        changed = [*unset, *values, 'CONDA_SHLVL']
        for name in changed:
            swap(name, f'__CONDA_SHLVL_{number}_{name}')
        for name in unset:
            env.pop(name, None)
        env.update(values)
        env.pop(f'CONDA_STACKED_{number + 1}', None)
        env['CONDA_SHLVL'] = str(number + 1)
        env[f'__MULTIPLAT_{number + 1}'] = ' '.join(changed) + ':' + prefix
        scripts(prefix + '/etc/conda/activate.d')

    aliases['multiplat_deactivate'] = deactivate
    activate(@PREFIX@, @UNSET@, @VALUES@)


__multiplat_define()
del __multiplat_define
"""


#: A script does not fail if one of its commands fails.
_LENIENT = ["--seterrprevcmd", ":", "--seterrpostcmd", ":"]


def hook(activation: Activation) -> str:
    """Return the script that activates the environment when sourced."""
    windows = activation.windows
    return fill(
        _TEXT,
        activation,
        comment="#",
        PREFIX=repr(activation.prefix),
        FOLDERS=repr([folder.removeprefix(activation.prefix) for folder in activation.path]),
        UNSET=repr(list(activation.unset)),
        VALUES=repr({**activation.variables, **activation.conda_variables}),
        SUFFIX=".bat" if windows else ".sh",
        SOURCE=repr("source-cmd" if windows else "source-bash"),
        OPTIONS=repr(["--suppress-skip-message", *([] if windows else _LENIENT)]),
    )
