"""Picture files for the tests, made by Pillow."""

import io

import numpy as np
from PIL import Image

PILLOW = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF", "gif": "GIF"}


def encode(picture, format="jpg", **options):
    target = io.BytesIO()
    picture.save(target, PILLOW[format], **options)
    return target.getvalue()


def decode(body):
    picture = Image.open(io.BytesIO(body))
    picture.load()
    return picture


def noise(width=64, height=36):
    """Give a grey picture that shows something, in RGB, the same each time."""
    grey = np.random.default_rng(7).normal(128, 80, (height, width))
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8)).convert("RGB")
