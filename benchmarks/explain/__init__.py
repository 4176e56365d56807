"""Explanations measured: random programs in all of clingo's syntax; peers on the same rules."""
