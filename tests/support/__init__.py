"""What several tests stand on: fakes of the engine, a browser, experiments, and how figures and memory are read."""
