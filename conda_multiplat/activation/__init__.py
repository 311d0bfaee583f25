"""What activating an environment does, as a value, and as scripts and module files. Pure."""
