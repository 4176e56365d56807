"""Solving: clingo decides (asp), Prolog answers (prolog)."""
