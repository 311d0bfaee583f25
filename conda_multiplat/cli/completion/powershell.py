"""The script that completes command lines in PowerShell; the steps are those of ``scripts``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from conda_multiplat.activation.shells.powershell import quote
from conda_multiplat.cli.completion.model import Command

_PLACE = re.compile(r"@([A-Z]+)@")
_SCRIPT = r"""
# Completion of conda-multiplat in PowerShell: `conda-multiplat completion --shell powershell`.
# For Windows PowerShell 5.1 and newer.

Register-ArgumentCompleter -Native -CommandName 'conda-multiplat' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # The values of an option of a command: count, kind, words.
    function valuesAfter([string]$command, [string]$option) {
        switch -CaseSensitive ("$command $option") {
@VALUES@
            default { 'none' }
        }
    }

    # The options of a command, each followed by its summary.
    function flagsOf([string]$command) {
        switch -CaseSensitive ($command) {
@FLAGS@
            default { '--help', 'show what there is', '--version', 'show the version' }
        }
    }

    # PowerShell inserts the text as it is, so special characters are escaped.
    function offer([string]$text, [string]$shown, [string]$summary) {
        if ($shown -and $text.StartsWith($current, [StringComparison]::Ordinal)) {
            if (-not $summary) { $summary = $shown }
            $typed = $text -replace '[\s#@$;,''{}()"`|<>&]', '`$&'
            [System.Management.Automation.CompletionResult]::new(
                $typed, $shown, 'ParameterValue', $summary)
        }
    }

    function offerPairs($pairs) {
        for ($i = 0; $i -lt $pairs.Count; $i += 2) { offer $pairs[$i] $pairs[$i] $pairs[$i + 1] }
    }

    # The words after the program, without the one that is being completed.
    $given = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) {
                $_.Value
            } else {
                $_.Extent.Text
            }
        })
    $current = [string]$wordToComplete
    $command = ''
    $option = ''
    $before = ''
    $free = $false
    $taken = 0
    foreach ($word in $given) {
        if (-not $command) {
            if (-not $word.StartsWith('-')) { $command = $word }
        } elseif ($word -ceq '--') {
            $option = ''
            $free = $true
        } elseif ($word.StartsWith('-') -and -not $free) {
            $option = ($word -split '=', 2)[0]
            $taken = 0
        } else {
            $taken += 1
        }
    }
    if ($current.StartsWith('-') -and -not $free) {
        if (-not $current.Contains('=')) { return offerPairs @(flagsOf $command) }
        $option = ($current -split '=', 2)[0]
        $before = "$option="
        $taken = 0
    }
    if (-not $command) {
        return offerPairs @(
@COMMANDS@
        )
    }
    $values = @((valuesAfter $command $option) -split ' ')
    if ($values[0] -ceq 'none' -or ($values[0] -ceq 'one' -and $taken -gt 0)) {
        $values = @((valuesAfter $command '') -split ' ')
    }
    if ($values.Count -lt 2 -or $values[1] -ceq 'files') { return }
    if ($values[1] -ceq 'words') {
        $names = @($values | Select-Object -Skip 2)
    } else {
        $names = @(& @PROGRAM@ complete-words $values[1] -- @given 2>$null)
    }
    foreach ($name in $names) { offer "$before$name" $name '' }
}
"""


def powershell(commands: Sequence[Command], program: str) -> str:
    """Return the script for PowerShell, which calls ``program`` for names."""
    names = (f"{quote(command.name)}, {quote(command.summary)}" for command in commands)
    parts = {
        "PROGRAM": quote(program),
        "VALUES": "\n".join(line for command in commands for line in _values(command)),
        "FLAGS": "\n".join(map(_flags, commands)),
        "COMMANDS": ",\n".join(f"            {pair}" for pair in names),
    }
    return _PLACE.sub(lambda place: parts[place[1]], _SCRIPT.lstrip())


def _values(command: Command) -> Iterator[str]:
    for flag, values in command.table():
        yield f"            {quote(f'{command.name} {flag}')} {{ {quote(str(values))} }}"


def _flags(command: Command) -> str:
    pairs = (f"{quote(flag)}, {quote(summary)}" for flag, summary in command.flags())
    return f"            {quote(command.name)} {{ {', '.join(pairs)} }}"
