"""`python -m fwsim` is `fwsim`."""

from fwsim.cli import main

main()
