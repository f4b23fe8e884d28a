"""Products of frames, bytes to bytes: one module a product."""
