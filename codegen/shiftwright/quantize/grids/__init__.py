"""Number systems for weights, one a module."""
