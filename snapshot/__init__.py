"""The function: an event in; thumbnails, a poster and a manifest out. Everything in it ships.

batch        an event -> one outcome for each record, and what is raised at the end
pipeline     one key: inspect, decide, act, until an inspection finds nothing to do
making       one generation: media info, plan, capture, publish
posters  storyboards  previews    the products of one video, chosen, made and stored
workspace  capture  reuse         what making works with: shots side by side, and what need not be taken again

events       wire event -> Upload | Removal | Skipped | BadEvent
state        what an inspection found -> what is to be done
recipe  overrides                 settings and the metadata of an upload -> what is to be made
plan  fallback                    moments to capture, and others where those cannot be had
frames       a response -> a checked picture
products/    pictures -> files, bytes to bytes; one module a product
layout       a source -> object keys and metadata names
manifest  journal                 what is complete; what a delivery that broke off already stored
tencent/     the client, the bucket, what responses mean; the only importer of the SDK

bucket  invocation  outcomes  media  errors    the values and protocols that all of these share
settings  fields  times  spelling              environment -> Settings
deadline  scheduler  workers  memory  logs     time, threads, bytes and log lines of one invocation

docs/architecture.md has the same as layers: who may import whom.
"""

__version__ = "0.1.0"
