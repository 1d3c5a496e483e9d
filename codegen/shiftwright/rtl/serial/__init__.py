"""Digit-serial components: words travel a digit a cycle, and markers say where they begin."""
