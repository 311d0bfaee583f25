"""One module for each subcommand; each has one function that returns the exit code."""
