"""The command line's options: one module for each command, imported when that command is used."""
