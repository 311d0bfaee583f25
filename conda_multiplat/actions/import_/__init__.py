"""The files and environments that ``import`` reads, and what it says of them."""
