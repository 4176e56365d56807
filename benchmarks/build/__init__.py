"""Build a data set in the paper's form: lines, faces, pictures, splits, statistics."""
