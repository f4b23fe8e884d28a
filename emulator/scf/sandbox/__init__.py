"""Run inside the process of a function: the handler's host and what confines it."""
