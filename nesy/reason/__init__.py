"""Solving: clingo decides (asp), Prolog answers (prolog).

Rules of ours with one answer set are also evaluated without a grounder (bottom_up), which takes a
tenth of the time; it answers what clingo would, and leaves to clingo what it cannot tell.
"""
