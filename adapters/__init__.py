"""What nesy can talk to: each module here with ``create(model, vocabulary)`` is an adapter."""

# In a checkout the repository root is importable too; one module must have one identity.
if __name__ != "nesy.adapters":
    raise ImportError(
        "adapters/__init__.py: import nesy.adapters, not adapters; "
        "in a checkout the package nesy finds this folder by itself"
    )
