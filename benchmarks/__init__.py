"""How fast it is: `python -m benchmarks` measures the harness against C, JAX, PyTorch and NumPy, and every target."""
