"""Simulators: one file each; the build folder takes copies of those files along."""
