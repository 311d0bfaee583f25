"""This machine: its disk, terminal, git, settings, prefixes and shell; nothing is solved."""
