"""Robustness: whether a reading or a verdict changes where only what should not matter changed.

The paper claims robustness and tests none of it. Each sample here has a clean twin; a change is
scored by how far the reading moves and whether the verdict does, model alone against model + rules.
"""
