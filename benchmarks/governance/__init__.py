"""Measured: what governance lets through and what it stops, against experts, and what it costs."""
