"""How fast the rules are: ratios, each taken in one run on one machine."""
