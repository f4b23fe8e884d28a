"""The cloud's control plane on one machine: calls of the cloud API 3.0 -> functions, triggers, roles and policies.

plane        puts the parts below in front of one cloud
app          a signed HTTP request -> a call -> the answer's JSON
tc3          who signed the request (TC3-HMAC-SHA256)
parameters   a call's parameters, each read once by its type; what is left over is refused
access       roles and what is attached to them (CAM)
policies     policies (CAM)
functions    functions and their states (SCF)
configuration  what a function may be configured to
bindings     triggers (SCF)
code         what a function's code is given as -> a folder
describe     a function and a trigger, in the API's words
refusal      the one way in which a call is refused

It must not know who calls, nor how a function is run.
"""
