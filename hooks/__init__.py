"""The entry points of the pre-commit hooks; in the wheel as ``conda_multiplat.hooks``."""
