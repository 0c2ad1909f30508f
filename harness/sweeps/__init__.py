"""Sweeps: `plan` cuts a grid into blocks, `run` takes each through the engine into the store, `local` has threads.

Plural, since `harness.sweep` is the function.
"""
