"""Targets to solutions: requests, outcomes, agreement, and the ports that engines fill. Pure."""
