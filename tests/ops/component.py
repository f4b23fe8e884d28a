"""The rules of the component scf as a JSON Schema: types, allow-lists, patterns and every key it documents.

Made by hand from serverless.component.yml 0.9.7 and docs/configure.md of the component (read 2026-11-22). Its list
of runtimes is of 2022 and the toolkit passes any through unchecked, so Python3.9 and 3.10, which the API documents,
are added to it.
"""

MEMORY_MB = [64, *range(128, 3073, 128)]
RUNTIMES = ["Python2.7", "Python3.6", "Python3.7", "Python3.9", "Python3.10"]
COS_EVENTS = [
    "cos:ObjectCreated:*",
    "cos:ObjectCreated:Put",
    "cos:ObjectCreated:Post",
    "cos:ObjectCreated:Copy",
    "cos:ObjectCreated:CompleteMultipartUpload",
    "cos:ObjectCreated:Origin",
    "cos:ObjectCreated:Replication",
    "cos:ObjectRemove:*",
    "cos:ObjectRemove:Delete",
    "cos:ObjectRemove:DeleteMarkerCreated",
    "cos:ObjectRestore:Post",
    "cos:ObjectRestore:Completed",
]


def _object(properties, required=()):
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


_STRING = {"type": "string"}
_NUMBER = {"type": "number"}
_FLAG = {"type": "boolean"}
_COS = _object(
    {
        "name": _STRING,
        "parameters": _object(
            {
                "qualifier": _STRING,
                "bucket": _STRING,
                "filter": _object({"prefix": _STRING, "suffix": _STRING}),
                "events": {"enum": COS_EVENTS},
                "enable": _FLAG,
            },
            ["bucket", "filter", "events", "enable"],
        ),
    },
    ["parameters"],
)
_SRC = {
    "oneOf": [
        _STRING,
        _object(
            {
                "src": _STRING,
                "exclude": {"type": "array", "items": _STRING},
                "bucket": _STRING,
                "object": _STRING,
            }
        ),
    ]
}
_INPUTS = _object(
    {
        "src": _SRC,
        "type": {"enum": ["event", "web"]},
        "name": {"type": "string", "pattern": r"^[A-Za-z][\w\-_]{0,58}[A-Za-z0-9]$"},
        "namespace": _STRING,
        "role": _STRING,
        "handler": _STRING,
        "entryFile": _STRING,
        "runtime": {"enum": RUNTIMES},
        "region": _STRING,
        "description": {"type": "string", "maxLength": 1000, "pattern": r"^[\w ,.\n]*$"},
        "memorySize": {"type": "number", "minimum": 64, "maximum": 3072, "enum": MEMORY_MB},
        "timeout": {"type": "number", "minimum": 1, "maximum": 900},
        "initTimeout": {"type": "number", "minimum": 3, "maximum": 300},
        "environment": _object(
            {
                "variables": {
                    "type": "object",
                    "patternProperties": {"^[a-zA-Z][a-zA-Z0-9_]*$": {"type": ["string", "number"]}},
                    "additionalProperties": False,
                }
            }
        ),
        "publicAccess": _FLAG,
        "installDependency": _FLAG,
        "eip": _FLAG,
        "asyncRunEnable": _FLAG,
        "traceEnable": _FLAG,
        "msgTTL": _NUMBER,
        "retryNum": _NUMBER,
        "deadLetter": {"type": "object"},
        "tags": {"type": "object", "additionalProperties": _STRING},
        "ignoreTriggers": _FLAG,
        "events": {"type": "array", "items": _object({"cos": _COS}, ["cos"])},
    },
    ["src"],
)
SCHEMA = _object(
    {
        "app": _STRING,
        "stage": _STRING,
        "component": {"const": "scf"},
        "name": _STRING,
        "inputs": _INPUTS,
    },
    ["component", "name", "inputs"],
)
