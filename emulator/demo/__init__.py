"""The main job, start to end, on one machine, and the page that shows what came of it.

__main__   the command line of `make demo`: which videos, which settings, where to
run        videos + settings -> one run of the cloud, told as values
folder     stored objects -> files below one folder, whatever their keys
manifest   the manifest's JSON -> values, as the demo reads it
table      a run -> lines for a terminal
page       manifests -> a contact sheet: one HTML document that needs nothing else
live       what a cloud holds now -> the same page, which keeps itself fresh (`make serve`)
picture    a run -> the README's pictures of the page, by Chromium
"""
