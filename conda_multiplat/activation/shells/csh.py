"""tcsh, which has no functions: deactivation is an alias, a list of simple commands.

So only one environment at a time can be active by such a script: another's script deactivates the
first. Deactivation restores the old PATH, without what was added meanwhile. The scripts of an
environment that conda had activated before are not run.
"""

from __future__ import annotations

from conda_multiplat.activation.model import Activation
from conda_multiplat.activation.shells.placeholders import fill

_TEXT = r"""
set __mp_before = ''
if ( $?CONDA_PREFIX ) then
    set __mp_before = "$CONDA_PREFIX:q"
endif
if ( $?__MULTIPLAT_ACTIVE ) then
    if ( "$__MULTIPLAT_ACTIVE:q" == "$__mp_before:q" ) then
        if ( "`alias multiplat_deactivate`" == '' && "$__mp_before:q" == @PREFIX@ ) then
            alias multiplat_deactivate @OFF@
            set __mp_prompt = ''
            if ( $?prompt ) then
                set __mp_prompt = "$prompt:q"
            endif
        endif
        if ( "`alias multiplat_deactivate`" != '' ) then
            multiplat_deactivate
        endif
    endif
endif
set __mp_before = ''
set __mp_gone = ''
if ( $?CONDA_PREFIX ) then
    set __mp_before = "$CONDA_PREFIX:q"
    set __mp_gone = "$CONDA_PREFIX:q/bin"
endif
if ( "$__mp_before:q" != @PREFIX@ ) then
    set __mp_level = 0
    if ( $?CONDA_SHLVL ) then
        if ( "$CONDA_SHLVL" =~ [1-9]* && "$__mp_before:q" != '' ) set __mp_level = "$CONDA_SHLVL"
    endif
@KEEP@
    setenv __MULTIPLAT_OLD_PATH "$PATH:q"
    set __mp_path = ()
    set __mp_found = 0
    foreach __mp_each ( $path:q )
        if ( "$__mp_each:q" == "$__mp_gone:q" ) then
            set __mp_path = ( $__mp_path:q @FOLDER@ )
            set __mp_found = 1
        else
            set __mp_path = ( $__mp_path:q "$__mp_each:q" )
        endif
    end
    if ( ! $__mp_found ) set __mp_path = ( @FOLDER@ $__mp_path:q )
    set path = ( $__mp_path:q )
    set __mp_prompt = ''
    if ( $?prompt ) then
        set __mp_prompt = "$prompt:q"
        set prompt = @PROMPT@"$prompt:q"
    endif
    setenv __MULTIPLAT_LEVEL $__mp_level
    if ( $__mp_level > 0 ) setenv CONDA_PREFIX_$__mp_level "$__mp_before:q"
@CHANGE@
    @ __mp_level = $__mp_level + 1
    setenv CONDA_SHLVL $__mp_level
    unsetenv CONDA_STACKED_$__mp_level
    setenv __MULTIPLAT_ACTIVE @PREFIX@
    alias multiplat_deactivate @OFF@
@ON@
endif
unset __mp_before __mp_gone __mp_level __mp_path __mp_found __mp_each
"""
_KEEP = """\
    setenv __MULTIPLAT_HAD_{0} $?{0}
    setenv __MULTIPLAT_OLD_{0} ''
    if ( $?{0} ) then
        setenv __MULTIPLAT_OLD_{0} "${0}:q"
    endif"""
_RESTORE = (
    "unsetenv {0}",
    "if ( $__MULTIPLAT_HAD_{0} ) setenv {0} $__MULTIPLAT_OLD_{0}:q",
    "unsetenv __MULTIPLAT_HAD_{0} __MULTIPLAT_OLD_{0}",
)


def quote(text: str) -> str:
    r"""Quote a word for tcsh: between single quotes, ``!`` and line ends need a backslash."""
    return "'" + text.replace("'", "'\\''").replace("!", "\\!").replace("\n", "\\\n") + "'"


def _run(scripts: tuple[str, ...]) -> list[str]:
    return [f"if ( -r {quote(script)} ) source {quote(script)}" for script in scripts]


def _off(activation: Activation, names: tuple[str, ...]) -> str:
    """Return the commands of deactivation, in one line except for line ends in paths."""
    commands = ["setenv PATH $__MULTIPLAT_OLD_PATH:q", *_run(activation.scripts_off(".csh"))]
    commands += [line.format(name) for name in names for line in _RESTORE]
    commands += ["if ( $?prompt ) set prompt = $__mp_prompt:q", "unset __mp_prompt"]
    commands += ["unsetenv CONDA_PREFIX_$__MULTIPLAT_LEVEL"]
    commands += ["unsetenv __MULTIPLAT_OLD_PATH __MULTIPLAT_ACTIVE __MULTIPLAT_LEVEL"]
    return "; ".join([*commands, "unalias multiplat_deactivate"])


def hook(activation: Activation) -> str:
    """Return the script that activates the environment when sourced."""
    names = (*activation.changed, *activation.conda_variables, "CONDA_SHLVL")
    values = {**activation.variables, **activation.conda_variables}
    change = [f"unsetenv {name}" for name in activation.unset]
    change += [f"setenv {name} {quote(value)}" for name, value in values.items()]
    return fill(
        _TEXT,
        activation,
        comment="#",
        PREFIX=quote(activation.prefix),
        FOLDER=" ".join(map(quote, activation.path)),
        PROMPT=quote(activation.prompt),
        OFF=quote(_off(activation, names)),
        KEEP="\n".join(_KEEP.format(name) for name in names),
        CHANGE="\n".join(f"    {line}" for line in change),
        ON="\n".join(f"    {line}" for line in _run(activation.scripts_on(".csh"))),
    )
