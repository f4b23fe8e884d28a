"""Credentials and the access policies of their holders."""
