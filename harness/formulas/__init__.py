"""The formulas of a network, each written once in plain Python.

A formula works on *values*: NumPy scalars and arrays in `harness.reference`, SIMD lanes in `harness.engine`,
which compiles these very functions. What surrounds them (the order of the sums, batches, epochs) the reference and
the engine write independently, each as the other's test; the formulas themselves are held to mpmath, PyTorch and
central differences. Imports NumPy and nothing of the project.
"""
