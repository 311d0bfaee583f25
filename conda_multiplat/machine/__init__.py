"""This machine: its disk, terminal, git, settings, prefixes and shell. Solves nothing."""
