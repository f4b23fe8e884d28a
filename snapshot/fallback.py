"""Moments to ask for where those of the plan could not be had.

The length that a container states is not always the picture's: moments that are refused as past the end show by halving
where the end is. The size may be what is refused. And where nothing at all could be had, the first frame nearly always
can.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from snapshot.media import MediaInfo, Missed
from snapshot.plan import Shot

MAX_PROBES = 4  # paid calls to find the end of a picture
_CLOSE_MS = 500  # near enough to the end
_PARAMETER_CODES = {"InvalidArgument"}  # CI: "some of the request's parameters do not meet the requirements"


@dataclass(frozen=True, slots=True)
class EndSearch:
    """A search for the end of the picture: `shown_ms` can be had, `refused_ms` cannot; `probes` are left."""

    shown_ms: int
    refused_ms: int
    probes: int = MAX_PROBES

    @classmethod
    def of(cls, shown_moments: Iterable[int], missed: Iterable[Missed]) -> "EndSearch | None":
        """Return the search between the last moment that was shown and the first that was refused after it.

        None where no moment after a shown one was refused for its parameters, so that nothing points to the end.
        """
        shown_ms = max(shown_moments, default=None)
        if shown_ms is None:
            return None
        refused = [miss.at_ms for miss in missed if miss.at_ms is not None and is_for_parameters(miss)]
        later = [at_ms for at_ms in refused if at_ms > shown_ms]
        return cls(shown_ms, min(later)) if later else None

    @property
    def probe_ms(self) -> int | None:
        """Return the moment to ask for next; None where the end is known well enough."""
        if not self.probes or self.refused_ms - self.shown_ms <= max(_CLOSE_MS, self.shown_ms // 20):
            return None
        return (self.shown_ms + self.refused_ms) // 2

    def after(self, at_ms: int, *, was_shown: bool) -> "EndSearch":
        """Return the search after a probe."""
        shown_ms, refused_ms = (at_ms, self.refused_ms) if was_shown else (self.shown_ms, at_ms)
        return EndSearch(shown_ms, refused_ms, self.probes - 1)


def is_for_parameters(missed: Missed) -> bool:
    """Tell whether a refusal may be due to the moment or the size, and not to the content of the video."""
    return missed.code in _PARAMETER_CODES


def first_frame_shots(shot: Shot, media: MediaInfo) -> tuple[Shot, ...]:
    """Return the shots of the first frame: in the size of the plan, in the video's own where known, without a size."""
    first = replace(shot, at_ms=0)
    own = [replace(first, width_px=media.width_px, height_px=0)] if media.width_px else []
    return tuple(dict.fromkeys([first, *own, replace(first, width_px=0, height_px=0)]))
