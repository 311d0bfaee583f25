"""git: read a project's files and merges, and register our drivers."""
