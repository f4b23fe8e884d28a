"""Build the zip that ships."""
