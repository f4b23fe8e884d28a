"""Small films with known frames."""
