"""Find out which operation a request asks for.

An operation that COS or CI has and this cloud does not is answered 501 by name, never taken for a plain GET, PUT or
DELETE. A parameter that nobody knows is passed over when reading, as COS does, and refused when writing.
Sources: COS's and CI's lists of operations, read 2026-11-22; the parameters that cos-python-sdk-v5 1.9.44 and
cos-nodejs-sdk-v5 2.15 send, read 2026-11-25.
"""

from collections.abc import Mapping

from emulator.cos.addresses import read_key
from emulator.cos.context import Proceed, RequestContext
from emulator.errors import ServiceError, not_here
from emulator.http.messages import Request, Response
from emulator.operations import Operation, operation

_PROCESSES = {"snapshot": "GetSnapshot", "videoinfo": "GetMediaInfo"}
_ABSENT_PROCESSES = frozenset((
    "AIBodyRecognition", "AIEnhanceImage", "AIFaceEffect", "AIGameRec", "AIImageColoring", "AIImageCrop",
    "AILicenseRec", "AIPetDetect", "AIPicMatting", "AIPortraitMatting", "AIRewriteMedia", "AISuperResolution",
    "AssessQuality", "CIDecodeQRCode", "CarRecognition", "DetectCar", "DetectFace", "FaceEffect", "GoodsMatting",
    "IDCardOCR", "ImageAIGCMetadata", "ImageRepair", "ImageSearch", "LivenessRecognition", "MediaAIGCMetadata", "OCR",
    "ProductRecognition", "QRcode", "RecognizeLogo", "TranslateVideo", "VideoPreview", "VideoTag", "createDocPreview",
    "detect-label", "doc-preview", "filehash", "getplaykey", "image-operate", "originImage", "pm3u8",
    "qrcode-generate", "sensitive-content-recognition", "zippreview",
))  # fmt: skip
# First parts of the paths of CI's own host.
_ABSENT_CI_PATHS = frozenset((
    "ai", "ai_bucket", "ai_jobs", "ai_queue", "asr_bucket", "asr_jobs", "asrbucket", "asrqueue", "audio", "ci_bucket",
    "dataset", "datasetbinding", "datasetbindings", "datasetquery", "datasets", "doc_jobs", "docbucket", "docqueue",
    "document", "file_bucket", "file_jobs", "file_queue", "getplaykey", "hls_play_key", "image",
    "inventorytriggerjob", "jobs", "livestream", "media_jobs", "pic_jobs", "picbucket", "picqueue", "playKey",
    "playkey", "queue", "report", "template", "text", "video", "virus", "webpage",
))  # fmt: skip
_MEDIA_BUCKETS = {"GET": "DescribeMediaBuckets", "POST": "CreateMediaBucket", "DELETE": "DeleteMediaBucket"}
# Paths of CI's own host; one that ends in a slash is followed by an id.
_CI_PATHS = {
    "/mediabucket": _MEDIA_BUCKETS,
    "/snapshot": {"POST": "PostSnapshot"},
    "/workflow": {"GET": "DescribeMediaWorkflow", "POST": "CreateMediaWorkflow"},
    "/workflow/": {"PUT": "UpdateMediaWorkflow", "DELETE": "DeleteMediaWorkflow"},
    "/triggerworkflow": {"GET": "TriggerMediaWorkflow", "POST": "TriggerMediaWorkflow"},
    "/workflowexecution": {"GET": "DescribeWorkflowExecutions"},
    "/workflowexecution/": {"GET": "DescribeWorkflowExecution"},
}

# (method, is there a key) -> sub-resource in the query -> operation; "" when there is none
_TABLE: dict[tuple[str, bool], dict[str, str]] = {
    ("GET", True): {
        "uploadId": "ListParts",
        "tagging": "GetObjectTagging",
        "acl": "GetObjectACL",
        "imageInfo": "GetImageInfo",
        "": "GetObject",
    },
    ("HEAD", True): {"": "HeadObject"},
    ("PUT", True): {
        "partNumber": "UploadPart",
        "tagging": "PutObjectTagging",
        "acl": "PutObjectACL",
        "": "PutObject",
    },
    ("POST", True): {
        "uploads": "InitiateMultipartUpload",
        "uploadId": "CompleteMultipartUpload",
        "append": "AppendObject",
        "restore": "PostObjectRestore",
    },
    ("DELETE", True): {
        "uploadId": "AbortMultipartUpload",
        "tagging": "DeleteObjectTagging",
        "": "DeleteObject",
    },
    ("GET", False): {
        "uploads": "ListMultipartUploads",
        "versions": "GetBucketObjectVersions",
        "versioning": "GetBucketVersioning",
        "location": "GetBucketLocation",
        "cors": "GetBucketCORS",
        "tagging": "GetBucketTagging",
        "acl": "GetBucketACL",
        "lifecycle": "GetBucketLifecycle",
        "policy": "GetBucketPolicy",
        "": "GetBucket",
    },
    ("HEAD", False): {"": "HeadBucket"},
    ("PUT", False): {
        "cors": "PutBucketCORS",
        "tagging": "PutBucketTagging",
        "versioning": "PutBucketVersioning",
        "acl": "PutBucketACL",
        "lifecycle": "PutBucketLifecycle",
        "policy": "PutBucketPolicy",
        "": "PutBucket",
    },
    ("POST", False): {"delete": "DeleteMultipleObjects", "": "PostObject"},
    ("DELETE", False): {
        "cors": "DeleteBucketCORS",
        "tagging": "DeleteBucketTagging",
        "lifecycle": "DeleteBucketLifecycle",
        "policy": "DeleteBucketPolicy",
        "": "DeleteBucket",
    },
}
_SUB_RESOURCES = frozenset().union(*_TABLE.values()) - {""}
# Sub-resources and processings of COS and CI that are not here.
_ABSENT = frozenset((
    "AIGC", "AIImageColoring", "CIDecodeQRCode", "OriginPullConfig", "QRcode", "accelerate", "analytics",
    "asyncfetch", "attributes", "avif", "callback", "checkpoint", "ci-qrcode-generate", "cloneversion", "copyjob",
    "detect-type", "domain", "domaincertificate", "encryption", "exif", "guetzli", "hash", "heif", "hotlink",
    "imageAve", "imageInspect", "imageMogr2", "imageSlim", "imageStyle", "imageView2", "image_process",
    "intelligent-tiering", "intelligenttiering", "inventories", "inventory", "legal-hold", "live", "logging",
    "metadata", "metrics", "notification", "object-lock", "objectlock", "origin", "pm3u8", "pullStatus", "qrcode",
    "referer", "rename", "renamekey", "replication", "requestPayment", "response-control", "retention", "select",
    "select-type", "sensitive-content-recognition", "snapshot", "snapshots", "style", "symlink", "torrent",
    "ugc-switch", "vod", "watermark", "website", "worm", "wormid",
))  # fmt: skip
# What stands beside a sub-resource of a request that writes.
_PARAMETERS = frozenset((
    "uploadId", "partNumber", "versionId", "position", "sign", "encoding-type", "max-parts", "part-number-marker",
    "max-uploads", "key-marker", "upload-id-marker", "cos-request-id", "Version",
))  # fmt: skip

# A signed address may carry these; they say how a read is answered and mean nothing to a write.
_OVERRIDES = ("response-c", "response-expires")


def route(context: RequestContext, proceed: Proceed) -> Response:
    """Name the operation of the request and let it proceed.

    Raises:
        ServiceError: the request asks for no operation that is here.
    """
    request, place = context.request, context.place
    _reject_s3(request)
    if place.service == "ci":
        context.operation = _ci_operation(request)
    elif place.service == "local" or not place.bucket:
        context.operation = _account_operation(request)
    else:
        context.key = read_key(request.path)
        context.operation = _bucket_operation(request, context.key)
    return proceed()


def _bucket_operation(request: Request, key: str) -> Operation:
    if request.method == "OPTIONS":
        return operation("OptionsObject")  # whatever it asks about: a browser sends the address it is going to use
    target = "an object" if key else "a bucket"
    names = {name.partition("/")[0].partition("|")[0] for name, _ in request.query}
    absent = sorted(names & _ABSENT)
    if absent:
        raise not_here(f"{request.method} of {target} with ?{absent[0]}")
    if request.has("ci-process"):
        return _process(request)
    # "ci-process ... Required: Yes"; only a screenshot has a time. COS may well give the object: the strict reading.
    if request.has("time") and (request.method, bool(key)) == ("GET", True):
        raise ServiceError(400, "InvalidArgument", "The parameter ci-process is missing; it has to be snapshot.", "ci")
    choices = _TABLE.get((request.method, bool(key)), {})
    name = next((choices[sub] for sub in choices if sub and request.has(sub)), None)
    if name is None:
        _reject_unknown(request, names, target)
        name = choices.get("")
    if name is None:
        raise ServiceError(405, "MethodNotAllowed", f"{request.method} is not allowed against this resource")
    return operation(name)


def _reject_unknown(request: Request, names: set[str], target: str) -> None:
    """Refuse a request without a sub-resource of its own whose query asks for something else than the plain operation.

    Raises:
        ServiceError: 405 MethodNotAllowed, 501 NotImplemented.
    """
    other_names = sorted(names & _SUB_RESOURCES - _PARAMETERS)
    if other_names:
        if any(
            other_names[0] in choices for (_, on_key), choices in _TABLE.items() if on_key == (target == "an object")
        ):
            raise ServiceError(405, "MethodNotAllowed", f"?{other_names[0]} has no {request.method}")
        raise not_here(f"{request.method} of {target} with ?{other_names[0]}")
    if request.method in {"GET", "HEAD"}:
        return
    unknown = sorted(
        name for name in names - _PARAMETERS if not name.startswith(("q-", "x-cos-", "x-ci-", *_OVERRIDES))
    )
    if unknown:
        raise not_here(f"{request.method} of {target} with ?{unknown[0]}")


def _process(request: Request) -> Operation:
    values = [value for name, value in request.query if name == "ci-process"]
    # ci-process, required: "Operation type, fixed usage snapshot"
    if len(values) == 1 and values[0] in _ABSENT_PROCESSES:
        raise not_here(f"ci-process={values[0]}", "ci")
    if len(values) != 1 or values[0] not in _PROCESSES:
        raise ServiceError(
            400, "InvalidArgument", "The parameter ci-process has to be given once: snapshot or videoinfo.", "ci"
        )
    if request.method != "GET":
        raise ServiceError(405, "MethodNotAllowed", f"ci-process={values[0]} is a GET, not a {request.method}", "ci")
    return operation(_PROCESSES[values[0]])


def _ci_operation(request: Request) -> Operation:
    parent, slash, _ = request.path[1:].partition("/")
    methods = _CI_PATHS.get(f"/{parent}{slash}")
    if methods is not None:
        return _by_method(request, methods)
    if request.path.split("/")[1] in _ABSENT_CI_PATHS:
        raise not_here(f"{request.method} {request.path}", "ci")
    raise ServiceError(404, "InvalidUrl", "the path is none of CI's", "ci")


def _by_method(request: Request, names: Mapping[str, str]) -> Operation:
    if request.method not in names:
        raise ServiceError(405, "MethodNotAllowed", f"{request.path} has no {request.method}", "ci")
    return operation(names[request.method])


def _account_operation(request: Request) -> Operation:
    # An SDK that is given an IP asks for the account's lists at that address, without a bucket in its Host.
    if request.path == "/mediabucket":
        return _by_method(request, _MEDIA_BUCKETS)
    if request.path != "/" or request.method != "GET":
        raise ServiceError(404, "NoSuchBucket", "the Host names no bucket: NAME-APPID.cos.REGION.myqcloud.com")
    return operation("GetService")


def _reject_s3(request: Request) -> None:
    """Refuse a request of the S3 protocol, which COS takes as well.

    Raises:
        ServiceError: 501 NotImplemented.
    """
    is_signed = request.header("authorization").startswith(("AWS4-HMAC-SHA256", "AWS "))
    if is_signed or request.has("X-Amz-Signature") or request.has("AWSAccessKeyId"):
        raise not_here("the S3 protocol (a request signed as for AWS)")
