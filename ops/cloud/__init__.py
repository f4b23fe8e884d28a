"""Calls of the cloud API and of COS, and their refusals in words."""
