"""What constrained decoding costs beside a model: `python -m nesy.benchmarks.decoding`."""
