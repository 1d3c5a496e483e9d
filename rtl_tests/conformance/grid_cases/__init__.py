"""Cases of the grids' conformance test, one module a grid, named as the grid is; each declares `CASES`."""
