"""The cloud's control plane on one machine: calls of the cloud API 3.0 -> functions, triggers, roles and policies.

plane          puts the parts below in front of one cloud
app            a signed HTTP request -> a call -> the response's JSON
signing        who signed the request: TC3-HMAC-SHA256, or signature v1
parameters     a call's parameters, each read once by its type; an unread one is refused
errors         the error of a call
functions      functions and their states (SCF)
configuration  what a function may be configured to
code           a function's code as it is given -> a folder
versions       the published versions of functions
version_calls  versions, aliases, namespaces, the account's limits (SCF)
invocations    calls of a function, its log, its retries, its asynchronous runs (SCF)
triggers       COS triggers (SCF)
describe       functions and triggers in the API's words
roles          roles and the policies attached to them (CAM)
policies       policies (CAM)
tokens         temporary credentials (STS)
"""
