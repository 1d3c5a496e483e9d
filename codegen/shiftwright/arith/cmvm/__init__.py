"""Solvers for constant-matrix products: one module each, found by its `SOLVER`."""
