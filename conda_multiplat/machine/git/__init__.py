"""What git knows of a project, and what git is told of us."""
