"""fish. Its globs sort numbers by value, so ``sort`` puts scripts into conda's order."""

from __future__ import annotations

from conda_multiplat.activation.model import Activation
from conda_multiplat.activation.shells.placeholders import fill

_TEXT = r"""
# Runs the scripts of a folder, backwards if `order` is -r.
function __multiplat_scripts --argument-names folder order
    set -l __mp_found $folder/*.fish
    test -n "$__mp_found"; or return 0
    for __mp_script in (printf '%s\0' $__mp_found | LC_ALL=C sort -z $order | string split0)
        source $__mp_script
    end
    return 0
end

# Puts `new` in the place of `old` in PATH, or first; either may be empty.
function __multiplat_path --argument-names old new
    if test -n "$old"; and set -l at (contains -i -- $old $PATH)
        if test -n "$new"
            set PATH[$at] $new
        else
            set -e PATH[$at]
        end
    else if test -n "$new"
        set -gx PATH $new $PATH
    end
end

# Saves a variable, to be restored when `level` is active again.
function __multiplat_keep --argument-names level name
    set -l kept __CONDA_SHLVL_{$level}_$name
    if set -q $name
        set -gx $kept $$name
    else
        set -e -g $kept
    end
end

function __multiplat_restore --argument-names level name
    set -l kept __CONDA_SHLVL_{$level}_$name
    if set -q $kept
        set -gx $name $$kept
        set -e -g $kept
    else
        set -e -g $name
    end
end

# Prints the level of the active environment, 0 if there is none.
function __multiplat_level
    if test -n "$CONDA_PREFIX"; and string match -qr '^[1-9][0-9]*$' -- "$CONDA_SHLVL"
        echo $CONDA_SHLVL
    else
        echo 0
    end
end

# Prints the names of the variables changed for a level, if multiplat activated it.
function __multiplat_names --argument-names level
    set -l kept __MULTIPLAT_$level
    set -q $kept; or return 1
    set -l names (string split -m 1 -f 1 : -- $$kept)
    test "$$kept" = "$names:$CONDA_PREFIX"; or return 1
    string split ' ' -- $names
end

function __multiplat_status
    return $argv[1]
end

# Puts the mark before the prompt, unless conda's own fish functions do.
function __multiplat_mark
    if functions -q __multiplat_fish_prompt; or functions -q __conda_add_prompt
        return 0
    end
    functions -q fish_prompt; or return 0
    functions -c fish_prompt __multiplat_fish_prompt
    function fish_prompt
        set -l __mp_status $status
        printf '%s' "$CONDA_PROMPT_MODIFIER"
        __multiplat_status $__mp_status
        __multiplat_fish_prompt
    end
end

function __multiplat_unmark
    functions -q __multiplat_fish_prompt; or return 0
    functions -e fish_prompt
    functions -c __multiplat_fish_prompt fish_prompt
    functions -e __multiplat_fish_prompt
end

function multiplat_deactivate
    set -l level (__multiplat_level)
    set -l names (__multiplat_names $level)
    if test -z "$names"
        echo 'multiplat_deactivate: conda multiplat has activated nothing here' >&2
        return 1
    end
    set -l prefix $CONDA_PREFIX
    set -l below (math $level - 1)
    set -l back CONDA_PREFIX_$below
    set -l before
    set -q $back; and set before $$back
    set -e -g __MULTIPLAT_$level
    set -e -g $back
    if test -n "$before"
        __multiplat_path $prefix/bin $before/bin
    else
        __multiplat_path $prefix/bin ''
    end
    __multiplat_scripts $prefix/etc/conda/deactivate.d -r
    for name in $names
        __multiplat_restore $below $name
    end
    __multiplat_names $below >/dev/null; or __multiplat_unmark
    test -n "$before"; and __multiplat_scripts $before/etc/conda/activate.d
    return 0
end

function __multiplat_activate
    set -l prefix @PREFIX@
    if test "$CONDA_PREFIX" = "$prefix"; and __multiplat_names (__multiplat_level) >/dev/null
        multiplat_deactivate
    end
    set -l level (__multiplat_level)
    set -l before
    if test $level -gt 0
        set before $CONDA_PREFIX
        test "$before" = "$prefix"; and return 0
        __multiplat_scripts $before/etc/conda/deactivate.d -r
    end
    set -l above (math $level + 1)
    if test -n "$before"
        __multiplat_path $before/bin $prefix/bin
        set -gx CONDA_PREFIX_$level $before
    else
        __multiplat_path '' $prefix/bin
    end
    for name in @NAMES@
        __multiplat_keep $level $name
    end
    set -e -g CONDA_STACKED_$above
@CHANGE@
    set -gx CONDA_SHLVL $above
    set -gx __MULTIPLAT_$above '@NAMES@':$prefix
    @MARK@
    __multiplat_scripts $prefix/etc/conda/activate.d
end

__multiplat_activate
functions -e __multiplat_activate
"""


def quote(text: str) -> str:
    """Quote a word for fish: between single quotes, only they and backslashes are special."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def hook(activation: Activation) -> str:
    """Return the script that activates the environment when sourced."""
    values = {**activation.variables, **activation.conda_variables}
    change = [f"set -e -g {name}" for name in activation.unset]
    change += [f"set -gx {name} {quote(value)}" for name, value in values.items()]
    return fill(
        _TEXT,
        activation,
        comment="#",
        PREFIX=quote(activation.prefix),
        NAMES=" ".join((*activation.changed, *activation.conda_variables, "CONDA_SHLVL")),
        CHANGE="\n".join(f"    {line}" for line in change),
        MARK="__multiplat_mark" if activation.prompt else "",
    )
