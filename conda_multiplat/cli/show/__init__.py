"""Format values of the core as text for a terminal: lists, trees, differences."""
