"""The command line: parsers, commands, and what they print. What they do is in ``actions``."""
