"""The files and environments that ``import`` reads, and its report."""
