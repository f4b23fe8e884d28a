"""Cloud Infinite's media side: GetSnapshot and GetMediaInfo over a stored object.

request   the query of a call         -> SnapshotRequest, or a Refusal that names the parameter
source    a stored object's bytes     -> an opened film: its video stream, where it starts, where it ends
packets   film                        -> its video's packets, each with the time it is shown at
seek      film + moment + mode        -> the one decoded frame that is shown then
attached  decoded frame               -> what it carries beside its pixels
upright   decoded frame + request     -> an RGB picture: turned, in its display aspect, in the asked size
tone      a frame in HDR              -> the same frame in the range and colours of a plain screen
codecs    a stream's set-up bytes     -> its level, its reference frames
info      film                        -> GetMediaInfo's XML
api       what the COS front calls: the three doors in and nothing else

Nothing here knows HTTP, buckets or keys.
"""
