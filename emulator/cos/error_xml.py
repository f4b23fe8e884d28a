"""Answer a service error with the error document of COS (with Resource) or of CI (without).

Sources: both services' documents on error codes, read 2026-11-22.
"""

import logging
from base64 import b64encode
from os import urandom

from emulator.cos.context import Proceed, RequestContext
from emulator.errors import ServiceError
from emulator.http.messages import ConnectionCut, Response
from emulator.xml import add, add_fields, document, to_xml

_log = logging.getLogger(__name__)


def answer_errors(context: RequestContext, proceed: Proceed) -> Response:
    """Turn the errors that the next handlers raise into responses; a ConnectionCut passes."""
    try:
        return proceed()
    except ConnectionCut:
        raise
    except ServiceError as error:
        return _response(error, context)
    except Exception:  # noqa: BLE001  # whatever fails in one request, the cloud goes on, and says so
        _log.exception("gateway.failed")
        return _response(ServiceError(500, "InternalError", "the emulator failed", context.service), context)


def _response(error: ServiceError, context: RequestContext) -> Response:
    context.error_service = error.service
    root = document("Error", [("Code", error.code), ("Message", error.message)])
    add_fields(root, error.fields)
    if error.service == "cos":
        add(root, "Resource", f"{context.request.host}{context.request.path}")
    add(root, "RequestId", context.request_id)
    add(root, "TraceId", b64encode(urandom(48)).decode())
    return Response.of(error.status, to_xml(root), (("Content-Type", "application/xml"),))
