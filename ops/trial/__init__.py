"""Upload one video and show the function's pictures of it."""
