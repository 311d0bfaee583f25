"""PowerShell, on all systems. Before 7.5 it treats an empty variable as unset."""

from __future__ import annotations

import re

from conda_multiplat.activation.model import Activation
from conda_multiplat.activation.shells.placeholders import fill

_TEXT = r"""
function global:__multiplat_get([string]$Name) { [Environment]::GetEnvironmentVariable($Name) }
function global:__multiplat_set([string]$Name, $Value) {
    # $null would arrive as '', which removes nothing from 7.5 on.
    if ($null -eq $Value) { $Value = [NullString]::Value }
    [Environment]::SetEnvironmentVariable($Name, $Value)
}

function global:__multiplat_level {
    if ($Env:CONDA_PREFIX -and $Env:CONDA_SHLVL -match '^[0-9]+$') { return [int]$Env:CONDA_SHLVL }
    0
}

# The names of the variables changed for a level, if multiplat activated it.
function global:__multiplat_names([int]$Level) {
    $names, $prefix = ([string](__multiplat_get "__MULTIPLAT_$Level")) -split ':', 2
    if ($prefix -and $prefix -ceq $Env:CONDA_PREFIX) { $names -split ' ' }
}

function global:__multiplat_folders([string]$Prefix) {
    if ($Prefix) { foreach ($each in @FOLDERS@) { "$Prefix$each" } }
}

# Puts the folders of $New in the place of those of $Old in PATH, or first.
function global:__multiplat_path([string]$Old, [string]$New) {
    $gone = @(__multiplat_folders $Old)
    $entries = @($Env:PATH -split [IO.Path]::PathSeparator)
    $at = 0
    if ($gone) { $at = [Math]::Max(0, [Array]::IndexOf($entries, $gone[0])) }
    $found = New-Object System.Collections.Generic.List[string]
    for ($i = 0; $i -lt $entries.Count; $i++) {
        if ($i -eq $at) { foreach ($each in @(__multiplat_folders $New)) { $found.Add($each) } }
        if ($gone -cnotcontains $entries[$i]) { $found.Add($entries[$i]) }
    }
    $Env:PATH = $found -join [IO.Path]::PathSeparator
}

function global:__multiplat_scripts([string]$Folder, [bool]$Backwards) {
    if (-not (Test-Path -LiteralPath $Folder -PathType Container)) { return }
    [string[]]$found = @(
        Get-ChildItem -LiteralPath $Folder -Filter '*.ps1' | ForEach-Object FullName
    )
    [Array]::Sort($found, [StringComparer]::Ordinal)
    if ($Backwards) { [Array]::Reverse($found) }
    foreach ($each in $found) { . $each }
}

function global:multiplat_deactivate {
    $level = __multiplat_level
    $names = @(__multiplat_names $level)
    if (-not $names) {
        Write-Error 'multiplat_deactivate: conda multiplat has activated nothing here'
        return
    }
    $below = $level - 1
    $prefix = $Env:CONDA_PREFIX
    $before = __multiplat_get "CONDA_PREFIX_$below"
    __multiplat_path $prefix $before
    __multiplat_scripts "$prefix/etc/conda/deactivate.d" $true
    foreach ($name in $names) {
        __multiplat_set $name (__multiplat_get "__CONDA_SHLVL_${below}_$name")
        __multiplat_set "__CONDA_SHLVL_${below}_$name" $null
    }
    __multiplat_set "__MULTIPLAT_$level" $null
    __multiplat_set "CONDA_PREFIX_$below" $null
    if ((Test-Path Function:\__multiplat_prompt) -and -not (__multiplat_names $below)) {
        Set-Item Function:\global:prompt (Get-Item Function:\__multiplat_prompt).ScriptBlock
        Remove-Item Function:\__multiplat_prompt
    }
    if ($before) { __multiplat_scripts "$before/etc/conda/activate.d" $false }
}

function global:__multiplat_activate {
    $prefix = @PREFIX@
    if ($Env:CONDA_PREFIX -ceq $prefix -and (__multiplat_names (__multiplat_level))) {
        multiplat_deactivate
    }
    $level = __multiplat_level
    $before = if ($level -gt 0) { $Env:CONDA_PREFIX } else { '' }
    if ($before -ceq $prefix) { return }
    if ($before) {
        __multiplat_scripts "$before/etc/conda/deactivate.d" $true
        __multiplat_set "CONDA_PREFIX_$level" $before
    }
    __multiplat_path $before $prefix
    foreach ($name in @NAMES@) {
        __multiplat_set "__CONDA_SHLVL_${level}_$name" (__multiplat_get $name)
    }
@CHANGE@
    $above = $level + 1
    __multiplat_set "CONDA_STACKED_$above" $null
    $Env:CONDA_SHLVL = "$above"
    __multiplat_set "__MULTIPLAT_$above" ((@NAMES@ -join ' ') + ':' + $prefix)
    $mark = @PROMPT@
    $marked = Test-Path Function:\__multiplat_prompt
    if ($mark -and -not $marked -and (Test-Path Function:\prompt)) {
        Set-Item Function:\global:__multiplat_prompt (Get-Item Function:\prompt).ScriptBlock
        function global:prompt { "$Env:CONDA_PROMPT_MODIFIER$(__multiplat_prompt)" }
    }
    __multiplat_scripts "$prefix/etc/conda/activate.d" $false
}

. __multiplat_activate
Remove-Item Function:\__multiplat_activate
"""
#: PowerShell takes typographic quotes for plain ones.
_QUOTES = re.compile("['\u2018\u2019\u201a\u201b]")


def quote(text: str) -> str:
    """Quote a word for PowerShell: between single quotes, only they are special, doubled."""
    return "'" + _QUOTES.sub(lambda match: match.group() * 2, text) + "'"


def _list(words: tuple[str, ...]) -> str:
    return "@(" + ", ".join(map(quote, words)) + ")"


def hook(activation: Activation) -> str:
    """Return the script that activates the environment when sourced."""
    values = {**activation.variables, **activation.conda_variables}
    change = [f"__multiplat_set {quote(name)} $null" for name in activation.unset]
    change += [f"__multiplat_set {quote(name)} {quote(text)}" for name, text in values.items()]
    return fill(
        _TEXT,
        activation,
        comment="#",
        PREFIX=quote(activation.prefix),
        FOLDERS=_list(tuple(folder.removeprefix(activation.prefix) for folder in activation.path)),
        PROMPT=quote(activation.prompt),
        NAMES=_list((*activation.changed, *activation.conda_variables, "CONDA_SHLVL")),
        CHANGE="\n".join(f"    {line}" for line in change),
    )
