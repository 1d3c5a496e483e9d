"""`python -m shiftwright.cli`: as the command `shiftwright`."""

from shiftwright.cli import main

main()
