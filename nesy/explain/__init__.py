"""Explain: why an atom holds, as a checked object and as sentences."""
