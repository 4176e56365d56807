"""Why an atom does not hold, or holds rather than another: the nearest rules and what they lack."""
