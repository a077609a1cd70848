"""Tests of emulators/hands."""
