"""Tools that a person runs by hand, `python -m ops COMMAND`; nothing of them ships with the function."""
