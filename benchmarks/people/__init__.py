"""Measured against people: how close readings come to what people said of the same faces."""
