"""Numbers of paid calls -> US dollars.

Source: international price list of CI, video frame capture and media info, 0.015 USD per thousand each (read
2026-11-22). SCF, COS requests, storage and traffic come on top.
"""

from decimal import Decimal

_USD_PER_SNAPSHOT = Decimal("0.000015")
_USD_PER_MEDIA_INFO = Decimal("0.000015")


def usd(*, snapshots: int, media_infos: int) -> Decimal:
    """Return the price of so many paid calls."""
    return snapshots * _USD_PER_SNAPSHOT + media_infos * _USD_PER_MEDIA_INFO


def show_usd(price: Decimal) -> str:
    """Return a price without zeros that say nothing, such as `0.000075 USD`."""
    return f"{price.normalize():f} USD"
