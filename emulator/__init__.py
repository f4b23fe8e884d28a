"""The cloud on one machine: COS, CI's GetSnapshot and GetMediaInfo, SCF. Never ships, never imports snapshot.

film      a film that says in every frame which moment it shows
refusal   how a call is refused
cos       objects over HTTP: COS's dialect, signatures, access policy
ci        a stored video -> a picture, or what is known of it
scf       runs a function as SCF does: role keys, queue, retries, dead letters
faults    what can be made to go wrong
cloud     all of it, bound to one port
"""
