"""The cloud on one machine: COS, CI's GetSnapshot and GetMediaInfo, SCF. Never ships, never imports snapshot.

cloud     all of it, bound to one port; `python -m emulator` serves it
server    the port itself
console   what a served cloud says while it runs
cos       objects over HTTP: COS's dialect, signatures, rights
ci        a stored video -> a picture, or what is known of it
scf       runs a function as SCF does: role keys, queue, retries, dead letters
api       what deployment tools call: functions, triggers, roles, policies
keys      who a key belongs to and until when it holds
cam       what a policy lets a key do
faults    which calls are made to go wrong
effects   how they go wrong
admin     the cloud's own address: its page, and JSON to look and to set
refusal   how a call is refused
film      a film that says in every frame which moment it shows
scenery   what is painted into it
demo      the main job, start to end, and its contact sheet
"""
