"""What an adder costs on each family of FPGAs: one module a family, found by its `FAMILY`."""
