"""Synthetic films that say in every frame which moment it shows."""
