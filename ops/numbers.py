"""A number written on the command line -> its value, or a refusal with the range that is accepted."""

import argparse
import math
from collections.abc import Callable


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from `lowest` to `highest`, as an argument's type."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = lowest - 1
        if not lowest <= value <= highest:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {lowest:,} to {highest:,}")
        return value

    return read


def number(lowest: float, highest: float) -> Callable[[str], float]:
    """Return a reader of finite numbers from `lowest` to `highest`, as an argument's type."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not lowest <= value <= highest:  # never true of nan
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {lowest:,} to {highest:,}")
        return value

    return read
