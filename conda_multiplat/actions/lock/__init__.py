"""Lock a project: decide what to keep, solve the rest, report it and write the locks."""
