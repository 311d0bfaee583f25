"""This machine: its disk, terminal, git, settings, prefixes and shell.

The only room besides ``engines`` and ``actions`` that reads files or the environment; nothing is
solved or fetched here.
"""
