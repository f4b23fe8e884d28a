"""Objects over HTTP in COS's dialect: one signed call in, one answer out; moto's S3 application holds the objects.

wire        an HTTP request -> a call of COS; an answer -> an HTTP response
addresses   Host and path -> bucket, region, key
operations  a call -> the operation it asks for and the CAM actions it needs
signature   the arithmetic of COS's request signature, nothing else
gate        who asks, and may they
backend     the one door to moto
store       a stored object -> readers over its bytes, in place
objects     GET and HEAD of an object: conditions and ranges
changes     PUT, copy, multipart and DELETE of objects
buckets     listing and what is set on a bucket
form        POST Object: a browser's form, signed by its policy
dialect     headers and XML between COS and S3
errors      a refusal -> COS's or CI's error XML
media       ci-process and /mediabucket, handed to emulator.ci
front       all of it in order, for each call
"""
