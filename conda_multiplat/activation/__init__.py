"""The activation of an environment as a value, and its scripts and module files.

Pure functions: nothing is read from the disk, and no script is run here.
"""
