"""The lock as a value: read, write, check, compare and merge ``conda-lock.yml``; pure functions."""
