"""Check a whole set-up, and say what to do about each finding."""
