"""Run a benchmark in stages that can each be stopped and gone on with (README.md)."""
