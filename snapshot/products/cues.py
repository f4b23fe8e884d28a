"""A grid of tiles -> the files and settings by which players find a tile: WebVTT, Mux's JSON, HLS, and plain numbers.

WebVTT is written in the one spelling that all players tested take: LF, no identifiers, settings or notes, hours of two
digits, whole seconds, integer `xywh`, one blank line between cues, names of [a-z0-9.-] or absolute addresses.
Sources: the players' own code, run by tests/players; WebVTT (W3C, 2019-04-04); Media Fragments URI 1.0; HLS image
playlists as Roku documents them; the JSON of Mux's "Create timeline hover previews"; all read 2026-11-25.
"""

import json
import math
from collections.abc import Sequence
from urllib.parse import quote

from snapshot.products.storyboard import Grid, grid_count

CONTENT_TYPES = {
    "vtt": "text/vtt; charset=utf-8",
    "json": "application/json",  # exactly: Vidstack takes no other
    "m3u8": "application/vnd.apple.mpegurl",
}


def address(name: str, public_url: str = "") -> str:
    """Return the address of an object named by its key, or by its name relative to the file that names it.

    With a public URL it is absolute; else relative, which every player resolves beside the file. Never root-relative:
    three players join that to the page.
    """
    path = quote(name, safe="/-._~")
    return f"{public_url.rstrip('/')}/{path}" if public_url else path


def write_vtt(grid: Grid, sheets: Sequence[str]) -> bytes:
    """Return the WebVTT file; `sheets` are the sheets' addresses, as they are to stand in it."""
    blocks = ["WEBVTT"]
    for tile in range(len(grid.moments)):
        start_s, end_s = grid.span_s(tile)
        left, top, width_px, height_px = grid.box(tile)
        name = sheets[tile // grid.tiles_per_sheet]
        blocks.append(f"{_clock(start_s)} --> {_clock(end_s)}\n{name}#xywh={left},{top},{width_px},{height_px}")
    return ("\n\n".join(blocks) + "\n").encode()


def write_json(grid: Grid, sheets: Sequence[str]) -> bytes | None:
    """Return Mux's storyboard document, which Vidstack takes; None where there are several sheets: it can name but one.

    Its address has to be absolute.
    """
    if len(sheets) != 1:
        return None
    document = {
        "url": sheets[0],
        "tile_width": grid.tile_width_px,
        "tile_height": grid.tile_height_px,
        "duration": grid.length_s,
        "tiles": [
            {"start": grid.span_s(tile)[0], "x": grid.box(tile)[0], "y": grid.box(tile)[1]}
            for tile in range(len(grid.moments))
        ],
    }
    return _dump(document)


def write_hls(grid: Grid, sheets: Sequence[str]) -> bytes:
    """Return the HLS image playlist."""
    full_s = grid.tiles_per_sheet * grid.interval_s
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{min(full_s, grid.length_s)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-IMAGES-ONLY",
    ]
    shape, layout = f"{grid.tile_width_px}x{grid.tile_height_px}", f"{grid.columns}x{grid.rows}"
    tiles = f"#EXT-X-TILES:RESOLUTION={shape},LAYOUT={layout},DURATION={grid.interval_s}"
    for number, name in enumerate(sheets):
        lines += [f"#EXTINF:{min(full_s, grid.length_s - number * full_s)}.000,", tiles, name]
    return ("\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n").encode()


def write_players(
    grid: Grid, sheets: Sequence[str], *, duration_ms: int, sheet_bytes: Sequence[int], vtt: str, hls: str
) -> bytes:
    """Return players.json: what each player is given, ready to paste; `vtt` and `hls` are where those files stand."""
    shape = {"width": grid.tile_width_px, "height": grid.tile_height_px}
    number = round(duration_ms / 1000 / grid.interval_s, 6)
    bandwidth = max(
        (math.ceil(size * 8 / (len(grid.tiles_of(sheet)) * grid.interval_s)) for sheet, size in enumerate(sheet_bytes)),
        default=1,
    )
    stream = f'BANDWIDTH={bandwidth},CODECS="jpeg",RESOLUTION={grid.tile_width_px}x{grid.tile_height_px},URI="{hls}"'
    document = {
        "xgplayer": {
            "thumbnail": {
                "urls": list(sheets),
                "pic_num": grid_count(grid.interval_s, duration_ms),
                "col": grid.columns,
                "row": grid.rows,
                **shape,
            }
        },
        "artplayer": {
            "plugins": f'artplayerPluginVttThumbnail({{ vtt: "{vtt}" }})',
            "thumbnails": {"url": sheets[0], "number": number, "column": grid.columns, **shape}
            if len(sheets) == 1
            else None,
            "note": "thumbnails names one sheet and is one tile off at each new row; the plugin takes all",
        },
        "videojs-sprite-thumbnails": {
            "urlArray": list(sheets),
            **shape,
            "columns": grid.columns,
            "rows": grid.rows,
            "interval": grid.interval_s,
        },
        "videojs-vtt-thumbnails": f'player.vttThumbnails({{ src: "{vtt}" }})',
        "tcplayer": f'plugins: {{ VttThumbnail: {{ vttUrl: "{vtt}" }} }}',
        "aliplayer": f'thumbnailUrl: "{vtt}"',
        "plyr": f'previewThumbnails: {{ enabled: true, src: "{vtt}" }}',
        "vidstack": f'<media-slider-thumbnail src="{vtt}"></media-slider-thumbnail>',
        "shaka": f'await player.addThumbnailsTrack("{vtt}", "text/vtt")',
        "media-chrome": f'<track kind="metadata" label="thumbnails" default src="{vtt}">',
        "hls": f"#EXT-X-IMAGE-STREAM-INF:{stream}",
    }
    return _dump(document)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.000"


def _dump(document: object) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=True) + "\n").encode()
