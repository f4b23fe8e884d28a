"""Objects over HTTP in COS's dialect: one signed call in, one answer out; moto's S3 application holds the objects.

front       all that follows in order, for each call
wire        an HTTP request -> a call's words; an answer -> an HTTP response
addresses   Host and path -> bucket, region, key
operations  a call's words -> the operation it asks for and the CAM action it needs
signature   the arithmetic of COS's request signature, nothing else
gate        who asks, and may they
call        a call whose operation, place and caller are settled
called      how far a call has come, and what is noted of it
objects     GET and HEAD of an object: conditions and ranges
changes     PUT, copy and DELETE of objects
multipart   an upload in parts
writing     what changes of objects share
form        POST Object: a browser's form, signed by its policy
buckets     listings and what is set on a bucket
listing     names in a bucket -> one page of a listing
cors        which other origin's page may read an answer
media       ci-process and /mediabucket, handed to emulator.ci
body        a body under its length and Content-MD5
dialect     headers and XML between COS and S3
errors      a refusal -> COS's or CI's error XML
store       a stored object -> readers over its bytes, in place
backend     the one door to moto
"""
