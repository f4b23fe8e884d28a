"""Cloud Infinite's media side: GetSnapshot and GetMediaInfo over a stored object.

service       the entry: a request and an object's bytes -> a picture, or a description
request       the query of a call           -> SnapshotRequest, or the error that names the parameter
container     a stored object's bytes       -> an opened film and its video stream
packets       film                          -> its video's packets, each with the time it is shown at
seek          film + time + mode            -> the one decoded frame that is shown then
side_data     decoded frame                 -> its data beside the pixels
render        decoded frame + request       -> an RGB picture: turned, in its display aspect, in the requested size
tone_mapping  a frame in HDR                -> the same frame in the range and colours of a plain screen
codecs        a stream's set-up bytes       -> its level, its reference frames
info          film                          -> GetMediaInfo's XML
image_info    a stored picture              -> its format and size
workflow      an uploaded object            -> calls of the functions that a workflow names
"""
