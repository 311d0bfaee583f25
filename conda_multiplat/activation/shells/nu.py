"""nu. It parses a file as a whole before running it, so only scripts known now can be sourced.

Hiding variables has two flaws (seen in 0.108). A command that has called one that sets variables
can't hide those of its caller: no command here does both. A variable that was hidden, set and
hidden again has the value from when nu started: it must be hidden twice, outside of commands.
"""

from __future__ import annotations

from conda_multiplat.activation.model import Activation
from conda_multiplat.activation.shells.placeholders import fill

_TEXT = r"""
def __multiplat_level [] {
    let text = ($env.CONDA_SHLVL? | default '' | into string)
    if ($env.CONDA_PREFIX? | is-empty) or ($text !~ '^[0-9]+$') { 0 } else { $text | into int }
}

# The names of the variables changed for a level, if multiplat activated it.
def __multiplat_names [level: int] {
    let record = ($env | get --optional $'__MULTIPLAT_($level)' | default '')
    let names = ($record | split row ':' | first)
    if ($record | is-empty) or $record != $'($names):($env.CONDA_PREFIX?)' { return [] }
    $names | split row ' '
}

def __multiplat_folders [prefix: string] {
    if ($prefix | is-empty) { [] } else { @FOLDERS@ | each {|it| $'($prefix)($it)' } }
}

# PATH with the folders of `new` in the place of those of `old`, or first.
def __multiplat_path [old: string, new: string] {
    let given = ($env.PATH? | default [])
    let is_text = ($given | describe) == 'string'
    let entries = (if $is_text { $given | split row (char esep) } else { $given })
    let gone = (__multiplat_folders $old)
    let found = ($entries | enumerate | where item in $gone | get index)
    let at = (if ($found | is-empty) { 0 } else { $found | first })
    let rest = ($entries | skip $at | where {|it| $it not-in $gone })
    ($entries | first $at) ++ (__multiplat_folders $new) ++ $rest
}

def --env multiplat_deactivate [] {
    let level = (__multiplat_level)
    let names = (__multiplat_names $level)
    if ($names | is-empty) {
        let message = 'multiplat_deactivate: conda multiplat has activated nothing here'
        error make --unspanned {msg: $message}
    }
    let below = $level - 1
    let before = ($env | get --optional $'CONDA_PREFIX_($below)' | default '')
    $env.PATH = (__multiplat_path $env.CONDA_PREFIX $before)
@OFF@
    for name in $names {
        let kept = $'__CONDA_SHLVL_($below)_($name)'
        let value = ($env | get --optional $kept)
        hide-env --ignore-errors $kept
        if $value == null { hide-env --ignore-errors $name } else { load-env {$name: $value} }
    }
    hide-env --ignore-errors $'CONDA_PREFIX_($below)' $'__MULTIPLAT_($level)'
    if ('__multiplat_prompt' in $env) {
        $env.PROMPT_COMMAND = $env.__multiplat_prompt
        hide-env __multiplat_prompt
    }
}

def --env __multiplat_activate [] {
    let prefix = @PREFIX@
    let level = (__multiplat_level)
    let before = (if $level > 0 { $env.CONDA_PREFIX } else { '' })
    if $before == $prefix { return }
    $env.PATH = (__multiplat_path $before $prefix)
    let names = @NAMES@
    for name in $names {
        let kept = $'__CONDA_SHLVL_($level)_($name)'
        let value = ($env | get --optional $name)
        if $value == null { hide-env --ignore-errors $kept } else { load-env {$kept: $value} }
    }
    hide-env --ignore-errors $'CONDA_STACKED_($level + 1)'
    if $level > 0 { load-env {$'CONDA_PREFIX_($level)': $before} }
    load-env @VALUES@
    load-env {CONDA_SHLVL: $'($level + 1)'}
    load-env {$'__MULTIPLAT_($level + 1)': $"($names | str join ' '):($prefix)"}
    let mark = @PROMPT@
    if $mark != '' and ('PROMPT_COMMAND' in $env) {
        let old = $env.PROMPT_COMMAND
        $env.__multiplat_prompt = $old
        $env.PROMPT_COMMAND = {||
            $mark + (if ($old | describe) == 'closure' { do $old } else { $old })
        }
    }
@ON@
}

if ($env.CONDA_PREFIX? == @PREFIX@) and (__multiplat_names (__multiplat_level) | is-not-empty) {
    multiplat_deactivate
}
__multiplat_activate
if (__multiplat_names (__multiplat_level) | is-not-empty) {
    hide-env --ignore-errors @UNSET@
    hide-env --ignore-errors @UNSET@
}
"""


def quote(text: str) -> str:
    r"""Quote a word for nu: between double quotes, only ``\`` and ``"`` are special."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _list(words: tuple[str, ...]) -> str:
    return "[" + ", ".join(map(quote, words)) + "]"


def hook(activation: Activation) -> str:
    """Return the script that activates the environment when sourced."""
    values = {**activation.variables, **activation.conda_variables}
    folders = tuple(folder.removeprefix(activation.prefix) for folder in activation.path)
    return fill(
        _TEXT,
        activation,
        comment="#",
        PREFIX=quote(activation.prefix),
        FOLDERS=_list(folders),
        PROMPT=quote(activation.prompt),
        NAMES=_list((*activation.changed, *activation.conda_variables, "CONDA_SHLVL")),
        UNSET=" ".join(map(quote, activation.unset)),
        VALUES="{" + ", ".join(f"{quote(k)}: {quote(v)}" for k, v in values.items()) + "}",
        ON="\n".join(f"    source {quote(script)}" for script in activation.scripts_on(".nu")),
        OFF="\n".join(f"    source {quote(script)}" for script in activation.scripts_off(".nu")),
    )
