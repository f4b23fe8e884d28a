"""The files of an image-based function beside the function itself."""
