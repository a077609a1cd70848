"""Servers that fail as real ones do. Imports nothing from fwsim or recovery."""
