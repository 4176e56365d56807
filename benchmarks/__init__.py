"""How good nesy is: the demo, the tasks and what runs them."""

# In a checkout the repository root is importable too; one module must have one identity.
if __name__ != "nesy.benchmarks":
    raise ImportError(
        "benchmarks/__init__.py: import nesy.benchmarks, not benchmarks; "
        "in a checkout the package nesy finds this folder by itself"
    )
