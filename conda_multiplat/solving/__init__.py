"""Targets to solutions: requests, outcomes, solve-groups, engine interfaces; pure functions."""
