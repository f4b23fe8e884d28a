"""Objects over HTTP in COS's dialect.

gateway           each request through one list of handlers, in order
context           what is known of a request on its way
addresses         Host and path: bucket, region, key
routing           the operation that a request asks for
signature         COS's request signature, computed
auth              who sent a request
authorizer        what they may do
access_log        what is recorded of each request
error_xml         errors as the services' documents
cors, cors_rules  other origins: preflights and headers; the rules themselves
store             buckets, objects, versions, uploads
blobs             bytes at rest
attributes, acl   what goes with an object's bytes
bodies            a body under its length and Content-MD5
preconditions     If-Match and its kin
objects           GET and HEAD
object_writer     what all writes share
object_operations PUT, copy, append, restore, DELETE, tags, ACL
multipart         uploads in parts
post_form         a browser's form
buckets, listing  buckets and the pages of their listings
bucket_settings   what is set on a bucket
media             CI's operations
"""
