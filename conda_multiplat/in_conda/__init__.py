"""What the plugin adds to conda's own commands; it imports conda inside functions only."""

#: conda's commands, as hooks name them, that create or change an environment from a file.
FROM_FILES = frozenset({"create", "env_create", "env_update"})
#: conda's commands that can change a prefix.
CHANGING = frozenset({"install", "update", "upgrade", "remove", "uninstall", "env_update"})
