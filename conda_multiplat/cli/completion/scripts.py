"""Scripts that complete command lines in bash, zsh and fish.

Each has the same steps, in its own language:

1. Find the command, the last option, and the number of values after that option.
2. ``_conda_multiplat_values`` prints what that option takes: count, kind, words. If the option
   takes no more values, it prints what the command takes without an option.
3. Flags, words and commands are in the script; the program is asked for names of other kinds.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

from conda_multiplat.cli.completion.model import Command

_BASH = """\
# Completion of conda-multiplat in bash, made by `conda-multiplat completion --shell bash`.
# For bash 3.2 and newer.

_conda_multiplat_values() {{
    case "$1 $2" in
{values}
        *) echo none ;;
    esac
}}

_conda_multiplat_flags() {{
    case "$1" in
{flags}
        *) echo "--help --version" ;;
    esac
}}

# The words after the program, the last one being completed.
_conda_multiplat_complete() {{
    local current="${{!#}}" command="" option="" taken=0 free="" word values candidates
    local -a given=()
    [[ $# -gt 1 ]] && given=("${{@:1:$#-1}}")
    COMPREPLY=()
    for word in "${{given[@]}}"; do
        if [[ -z $command ]]; then
            [[ $word == -* ]] || command=$word
        elif [[ $word == -- ]]; then
            option="" free=yes
        elif [[ $word == -* && -z $free ]]; then
            option=$word taken=0
        elif [[ $word != "=" ]]; then
            taken=$((taken + 1))
        fi
    done
    [[ $current == "=" ]] && current=""
    if [[ $current == -* && -z $free ]]; then
        candidates=$(_conda_multiplat_flags "$command")
    elif [[ -z $command ]]; then
        candidates="{commands}"
    else
        values=$(_conda_multiplat_values "$command" "$option")
        case "$values" in
            none*) values=$(_conda_multiplat_values "$command" "") ;;
            one*) [[ $taken -gt 0 ]] && values=$(_conda_multiplat_values "$command" "") ;;
        esac
        values=${{values#* }}
        case "$values" in
            none) candidates=$(_conda_multiplat_flags "$command") ;;
            files*) return ;;
            words*) candidates=${{values#* }} ;;
            *) candidates=$({program} complete-words "$values" -- "${{given[@]}}" 2>/dev/null) ;;
        esac
    fi
    while IFS= read -r word; do  # not `compgen -W`, which expands what it is given
        [[ -n $word && $word == "$current"* ]] && COMPREPLY+=("$word")
    done <<< "${{candidates// /$'\\n'}}"
}}

_conda_multiplat() {{
    _conda_multiplat_complete "${{COMP_WORDS[@]:1:COMP_CWORD}}"
}}

_conda_multiplat_in_conda() {{
    COMPREPLY=()
    [[ ${{COMP_WORDS[1]}} == multiplat && $COMP_CWORD -gt 1 ]] || return
    _conda_multiplat_complete "${{COMP_WORDS[@]:2:COMP_CWORD-1}}"
}}

complete -o bashdefault -o default -F _conda_multiplat conda-multiplat
# `conda multiplat` too, where nothing completes conda yet.
complete -p conda >/dev/null 2>&1 ||
    complete -o bashdefault -o default -F _conda_multiplat_in_conda conda
"""

_ZSH = """\
#compdef conda-multiplat
# Completion of conda-multiplat in zsh, made by `conda-multiplat completion --shell zsh`.

_conda_multiplat_values() {{
    case "$1 $2" in
{values}
        (*) echo none ;;
    esac
}}

_conda_multiplat_flags() {{
    case "$1" in
{flags}
        (*) reply=('--help:show what there is' '--version:show the version') ;;
    esac
}}

# The words after the program, the last one being completed.
_conda_multiplat_complete() {{
    local current="${{@[-1]}}" command="" option="" free="" word values
    local -i taken=0
    local -a given reply names
    given=("${{(@)argv[1,-2]}}")
    for word in "${{given[@]}}"; do
        if [[ -z $command ]]; then
            [[ $word == -* ]] || command=$word
        elif [[ $word == -- ]]; then
            option="" free=yes
        elif [[ $word == -* && -z $free ]]; then
            option=${{word%%=*}} taken=0
        else
            taken+=1
        fi
    done
    if [[ $current == -*=* && -z $free ]]; then
        option=${{current%%=*}} taken=0
        compset -P '*='
    elif [[ $current == -* && -z $free ]]; then
        _conda_multiplat_flags "$command"
        _describe -o 'option' reply
        return
    fi
    if [[ -z $command ]]; then
        reply=(
{commands}
        )
        _describe 'command' reply
        return
    fi
    values=$(_conda_multiplat_values "$command" "$option")
    case "$values" in
        (none*) values=$(_conda_multiplat_values "$command" "") ;;
        (one*) (( taken > 0 )) && values=$(_conda_multiplat_values "$command" "") ;;
    esac
    values=${{values#* }}
    case "$values" in
        (none) return 1 ;;
        (files*) _files ;;
        (words*) names=(${{=values#* }}); compadd -a names ;;
        (*) names=("${{(@f)$({program} complete-words "$values" -- "${{given[@]}}" 2>/dev/null)}}")
            compadd -a names ;;
    esac
}}

_conda_multiplat() {{
    _conda_multiplat_complete "${{(@)words[2,CURRENT]}}"
}}

_conda_multiplat_in_conda() {{
    if [[ $words[2] == multiplat && CURRENT -gt 2 ]]; then
        _conda_multiplat_complete "${{(@)words[3,CURRENT]}}"
    else
        _default
    fi
}}

if [[ $funcstack[1] == _conda-multiplat ]]; then  # found in fpath
    _conda_multiplat
elif (( $+functions[compdef] )); then
    compdef _conda_multiplat conda-multiplat
    # `conda multiplat` too, where nothing completes conda yet.
    (( $+_comps[conda] )) || compdef _conda_multiplat_in_conda conda
fi
"""

_FISH = """\
# Completion of conda-multiplat in fish, made by `conda-multiplat completion --shell fish`.

function __conda_multiplat_values
    switch "$argv[1] $argv[2]"
{values}
        case '*'
            echo none
    end
end

function __conda_multiplat_flags
    switch "$argv[1]"
{flags}
        case '*'
            printf '%s\\t%s\\n' --help 'show what there is' --version 'show the version'
    end
end

# The words after the program, without the one that is being completed.
function __conda_multiplat_given
    set -l words (commandline -opc)
    if test "$words[1]" = conda
        set -e words[1]
    end
    set -e words[1]
    printf '%s\\n' $words
end

function __conda_multiplat_complete
    set -l current (commandline -ct)
    set -l given (__conda_multiplat_given)
    set -l command
    set -l option ''
    set -l free
    set -l taken 0
    for word in $given
        if test -z "$command"
            string match -q -- '-*' $word; or set command $word
        else if test "$word" = --
            set option ''
            set free yes
        else if test -z "$free"; and string match -q -- '-*' $word
            set option (string replace -r '=.*' '' -- $word)
            set taken 0
        else
            set taken (math $taken + 1)
        end
    end
    set -l before ''
    if test -z "$free"; and string match -q -- '-*=*' $current
        set option (string replace -r '=.*' '' -- $current)
        set before "$option="
        set taken 0
    else if test -z "$free"; and string match -q -- '-*' $current
        __conda_multiplat_flags "$command"
        return
    end
    if test -z "$command"
{commands}
        return
    end
    set -l values (string split ' ' -- (__conda_multiplat_values "$command" "$option"))
    if test "$values[1]" = none; or test "$values[1]" = one -a $taken -gt 0
        set values (string split ' ' -- (__conda_multiplat_values "$command" ''))
    end
    switch "$values[2]"
        case ''
        case files
            __fish_complete_path (string replace -r '^-.*?=' '' -- $current)
        case words
            printf '%s\\n' $before$values[3..-1]
        case '*'
            for name in ({program} complete-words $values[2] -- $given 2>/dev/null)
                printf '%s\\n' $before$name
            end
    end
end

function __conda_multiplat_in_conda
    set -l words (commandline -opc)
    test "$words[2]" = multiplat
end

complete -c conda-multiplat -f -a '(__conda_multiplat_complete)'
# Beside what completes conda already.
complete -c conda -n __conda_multiplat_in_conda -f -a '(__conda_multiplat_complete)'
"""


def bash(commands: Sequence[Command], program: str) -> str:
    """Return the script for bash, which calls ``program`` for names."""
    return _BASH.format(
        program=shlex.quote(program),
        values=_cases(commands, lambda key, text: f"        '{key}') echo '{text}' ;;"),
        flags="\n".join(
            f"        {command.name}) echo '{' '.join(_spellings(command))}' ;;"
            for command in commands
        ),
        commands=" ".join(command.name for command in commands),
    )


def zsh(commands: Sequence[Command], program: str) -> str:
    """Return the script for zsh, which calls ``program`` for names."""
    return _ZSH.format(
        program=shlex.quote(program),
        values=_cases(commands, lambda key, text: f"        ('{key}') echo '{text}' ;;"),
        flags="\n".join(
            f"        ({command.name}) reply=({_zsh_flags(command)}) ;;" for command in commands
        ),
        commands="\n".join(
            f"            {shlex.quote(f'{command.name}:{command.summary}')}"
            for command in commands
        ),
    )


def fish(commands: Sequence[Command], program: str) -> str:
    """Return the script for fish, which calls ``program`` for names."""
    return _FISH.format(
        program=_fish_quoted(program),
        values=_cases(
            commands, lambda key, text: f"        case '{key}'\n            echo '{text}'"
        ),
        flags="\n".join(_fish_flags(command) for command in commands),
        commands="\n".join(
            f"        {_fish_line(command.name, command.summary)}" for command in commands
        ),
    )


def _cases(commands: Sequence[Command], case: Callable[[str, str], str]) -> str:
    """Return the shell's cases for the values of each option of each command."""
    return "\n".join(
        case(f"{command.name} {flag}", str(values))
        for command in commands
        for flag, values in command.table()
    )


def _spellings(command: Command) -> list[str]:
    return [flag for flag, _ in command.flags()]


def _zsh_flags(command: Command) -> str:
    return " ".join(shlex.quote(f"{flag}:{summary}") for flag, summary in command.flags())


def _fish_flags(command: Command) -> str:
    lines = [f"            {_fish_line(*flag)}" for flag in command.flags()]
    return "\n".join([f"        case {command.name}", *lines])


def _fish_line(word: str, summary: str) -> str:
    return f"printf '%s\\t%s\\n' {_fish_quoted(word)} {_fish_quoted(summary)}"


def _fish_quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
