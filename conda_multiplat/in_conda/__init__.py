"""What the plugin adds to conda's own commands. It runs inside conda and imports it late."""

#: The commands of conda, as its hooks name them, that make or change an environment from a file.
FROM_FILES = frozenset({"create", "env_create", "env_update"})
#: Those that can change a prefix.
CHANGING = frozenset({"install", "update", "upgrade", "remove", "uninstall", "env_update"})
