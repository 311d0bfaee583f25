"""bash, zsh and other POSIX shells with ``local``: one text for all.

It works under ``set -eu``. Packages' scripts run with both off: many read variables that are not
set. They run in the order of their names' characters, as in conda, whatever the locale: packages
name a script ``~cuda-nvcc_activate.sh`` to have it run last.
"""

from __future__ import annotations

from conda_multiplat.activation.model import Activation
from conda_multiplat.activation.shells.placeholders import fill

_TEXT = r"""
__multiplat_source() {
    local __mp_script="$1" __mp_options="$-"
    shift
    set +eu
    . "$__mp_script" || :
    case "$__mp_options" in *e*) set -e ;; esac
    case "$__mp_options" in *u*) set -u ;; esac
}

# Runs the scripts of folder $1, backwards if $2 is not empty. They are found whatever the shell's
# settings for patterns are (`set -f`, failglob, nullglob).
__multiplat_scripts() {
    local __mp_had="${LC_ALL+x}" __mp_was="${LC_ALL-}"
    local __mp_back="${2-}" __mp_count __mp_at __mp_undo=:
    LC_ALL=C
    if [ -n "${ZSH_VERSION-}" ]; then
        emulate zsh -c 'set -- "$1"/*.sh(N)'
    else
        case "$-" in *f*)
            __mp_undo='set -f'
            set +f
            ;;
        esac
        if [ -n "${BASH_VERSION-}" ] && shopt -q failglob; then
            __mp_undo="$__mp_undo; shopt -s failglob"
            shopt -u failglob
        fi
        set -- "$1"/*.sh
        eval "$__mp_undo"
        if [ ! -e "${1-}" ]; then set --; fi
    fi
    if [ -n "$__mp_had" ]; then LC_ALL="$__mp_was"; else unset LC_ALL; fi
    if [ -n "$__mp_back" ]; then
        __mp_count="$#"
        __mp_at="$#"
        while [ "$__mp_at" -gt 0 ]; do
            eval "set -- \"\$@\" \"\${$__mp_at}\""
            __mp_at=$((__mp_at - 1))
        done
        shift "$__mp_count"
    fi
    while [ "$#" -gt 0 ]; do
        __multiplat_source "$1"
        shift
    done
}

# Puts $2 in the place of $1 in PATH, or first; either may be empty.
__multiplat_path() {
    local __mp_all="${1:+:${PATH-}:}"
    case "$__mp_all" in
    *":$1:"*)
        PATH="${__mp_all%%":$1:"*}${2:+:$2}:${__mp_all#*":$1:"}"
        PATH="${PATH#:}"
        PATH="${PATH%:}"
        ;;
    *) PATH="$2${2:+${PATH:+:}}${PATH-}" ;;
    esac
    export PATH
}

# Takes the mark $1 out of the prompt and puts $2 before it.
__multiplat_prompt() {
    case "${PS1-}" in
    '' | *POWERLINE_COMMAND*) return 0 ;;
    *"$1"*) PS1="${PS1%%"$1"*}${PS1#*"$1"}" ;;
    esac
    PS1="$2$PS1"
}

# Saves variable $2, to be restored when level $1 is active again.
__multiplat_keep() {
    if eval "[ -n \"\${$2+x}\" ]"; then
        eval "export __CONDA_SHLVL_$1_$2=\"\$$2\""
    else
        unset "__CONDA_SHLVL_$1_$2"
    fi
}

__multiplat_restore() {
    if eval "[ -n \"\${__CONDA_SHLVL_$1_$2+x}\" ]"; then
        eval "export $2=\"\$__CONDA_SHLVL_$1_$2\"" || :
        unset "__CONDA_SHLVL_$1_$2"
    else
        unset "$2" || :
    fi
}

# Sets __mp_level, __mp_before (what is active) and __mp_record (what we changed for it, if we did).
__multiplat_look() {
    __mp_level="${CONDA_SHLVL-}"
    __mp_before="${CONDA_PREFIX-}"
    case "$__mp_level" in '' | *[!0-9]* | 0?*) __mp_level=0 ;; esac
    if [ -z "$__mp_before" ]; then __mp_level=0; fi
    eval "__mp_record=\"\${__MULTIPLAT_$__mp_level-}\""
    if [ "$__mp_level" -eq 0 ] || [ "${__mp_record#*:}" != "$__mp_before" ]; then __mp_record=''; fi
}

multiplat_deactivate() {
    local __mp_level __mp_before __mp_record __mp_below __mp_name __mp_names
    __multiplat_look
    if [ -z "$__mp_record" ]; then
        echo 'multiplat_deactivate: conda multiplat has activated nothing here' >&2
        return 1
    fi
    __mp_names="${__mp_record%%:*} "
    unset "__MULTIPLAT_$__mp_level"
    __mp_below=$((__mp_level - 1))
    eval "__mp_record=\"\${CONDA_PREFIX_$__mp_below-}\""
    __multiplat_path "$__mp_before/bin" "${__mp_record:+$__mp_record/bin}"
    __multiplat_scripts "$__mp_before/etc/conda/deactivate.d" backwards
    __multiplat_prompt "${CONDA_PROMPT_MODIFIER-}" ''
    while [ -n "$__mp_names" ]; do
        __mp_name="${__mp_names%% *}"
        __mp_names="${__mp_names#* }"
        __multiplat_restore "$__mp_below" "$__mp_name"
    done
    unset "CONDA_PREFIX_$__mp_below"
    if [ -n "$__mp_record" ]; then
        __multiplat_prompt '' "${CONDA_PROMPT_MODIFIER-}"
        __multiplat_scripts "$__mp_record/etc/conda/activate.d"
    fi
}

__multiplat_activate() {
    local __mp_level __mp_before __mp_record __mp_above
    __multiplat_look
    if [ -n "$__mp_record" ] && [ "$__mp_before" = @PREFIX@ ]; then
        multiplat_deactivate
        __multiplat_look
    fi
    if [ "$__mp_level" -gt 0 ]; then
        if [ "$__mp_before" = @PREFIX@ ]; then return 0; fi
        __multiplat_scripts "$__mp_before/etc/conda/deactivate.d" backwards
    else
        __mp_before=''
    fi
    __mp_above=$((__mp_level + 1))
    __multiplat_path "${__mp_before:+$__mp_before/bin}" @PATH@
@KEEP@
    if [ -n "$__mp_before" ]; then export "CONDA_PREFIX_$__mp_level=$__mp_before"; fi
    unset "CONDA_STACKED_$__mp_above"
    __multiplat_prompt "${CONDA_PROMPT_MODIFIER-}" @PROMPT@
@CHANGE@
    export CONDA_SHLVL="$__mp_above"
    export "__MULTIPLAT_$__mp_above=@NAMES@:$CONDA_PREFIX"
    __multiplat_scripts @PREFIX@/etc/conda/activate.d
}

__multiplat_activate
unset -f __multiplat_activate
"""


def quote(text: str) -> str:
    """Quote a word for POSIX shells: between single quotes, only they are special.

    ``shlex.quote`` does not quote what only zsh expands: ``=ls`` is a path there.
    """
    return "'" + text.replace("'", "'\\''") + "'"


def hook(activation: Activation) -> str:
    """Return the script that activates the environment when sourced."""
    names = (*activation.changed, *activation.conda_variables, "CONDA_SHLVL")
    values = {**activation.variables, **activation.conda_variables}
    change = [f"unset {name} || :" for name in activation.unset]
    change += [f"export {name}={quote(value)} || :" for name, value in values.items()]
    return fill(
        _TEXT,
        activation,
        comment="#",
        PREFIX=quote(activation.prefix),
        PATH=quote(":".join(activation.path)),
        PROMPT=quote(activation.prompt),
        NAMES=" ".join(names),
        KEEP="\n".join(f'    __multiplat_keep "$__mp_level" {name}' for name in names),
        CHANGE="\n".join(f"    {line}" for line in change),
    )
