"""Faults injected for real: `python -m reliability` does all of it, the tests a small share of each."""
