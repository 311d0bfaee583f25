"""One module for each command, with its options and the function that runs it.

A module is imported when its command is used.
"""
