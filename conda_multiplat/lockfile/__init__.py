"""``conda-lock.yml`` as a value: read, write, check, compare and merge it.

Pure functions on text and values: no file is opened here, and nothing is solved.
"""
