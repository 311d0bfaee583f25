"""The lock as a value: to read, write, judge, compare and merge ``conda-lock.yml``. Pure."""
