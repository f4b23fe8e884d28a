"""Faults on demand: which calls they meet, and what they do to them."""
