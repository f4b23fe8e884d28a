"""The function: an upload event in; thumbnails, a poster and a manifest out. Everything in it ships.

events       1   upload event       -> Video | Skipped | BadEvent, one a record
plan         2   video + settings   -> Plan: shots, sizes, object keys
frames       3   shot               -> Frame | Missed, through a Camera
thumbnails   4   frame + size       -> Thumbnail, bytes to bytes
poster           thumbnails         -> the one that stands for the video
manifest     5   what was stored, what was missed -> one JSON document
taking           a plan -> what was taken and what was missed, side by side
outcomes         what became of one record
pipeline         the steps in order for one record; the manifest last
times            time points as people write them
settings         environment -> Settings, Account
bucket           one bucket: objects, media info, snapshots
cos              the one door to Tencent; the only importer of qcloud_cos
answers          an HTTP answer -> what it means
logs             one line of JSON per change of state
errors           what can go wrong, and whether trying again can help
"""

__version__ = "0.1.0"
