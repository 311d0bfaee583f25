"""The command line: parsers, commands and their output; the work itself is in ``actions``."""
