"""The entry points of the pre-commit hooks, installed as ``conda_multiplat.hooks``."""
