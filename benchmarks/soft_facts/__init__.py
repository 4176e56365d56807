"""Soft facts: what the probability of a field is worth, and what it costs."""
