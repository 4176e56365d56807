"""Why an atom holds: every minimal well-founded derivation over all of clingo, told as a tree."""
