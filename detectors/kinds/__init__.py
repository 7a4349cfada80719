"""The detectors: one kind of signal a file, and the registry that lists them."""
