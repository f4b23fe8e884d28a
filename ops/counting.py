"""A number and a noun -> both as a person writes them."""


def plural(count: int, noun: str) -> str:
    """Return a count with its noun, such as `1 video` or `2 videos`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
