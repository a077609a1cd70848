"""Scenarios: one YAML file each, kept as data of a package so that a wheel and a checkout find them alike."""
