"""redirflow: declared responses and checked redirects for small HTTP APIs on ASGI."""

import typing

from redirflow.app import App
from redirflow.declare.callbacks import Callback
from redirflow.declare.decorators import RaisesSpec, raises, redirects, reroutes, returns
from redirflow.declare.dependencies import (
    APIKey,
    Basic,
    Bearer,
    Credentials,
    Depends,
    Scopes,
    same_secret,
)
from redirflow.declare.errors import (
    BadGateway,
    BadRequest,
    Conflict,
    ContentTooLarge,
    ErrorDetail,
    FailedDependency,
    Forbidden,
    GatewayTimeout,
    Gone,
    HTTPError,
    InternalServerError,
    LengthRequired,
    Locked,
    MethodNotAllowed,
    MisdirectedRequest,
    NotAcceptable,
    NotFound,
    NotImplementedByServer,
    PaymentRequired,
    PreconditionFailed,
    PreconditionRequired,
    RequestTimeout,
    ServiceUnavailable,
    TooEarly,
    TooManyRequests,
    Unauthorized,
    UnavailableForLegalReasons,
    UnsupportedMediaType,
    UpgradeRequired,
    URITooLong,
    ValidationFailed,
)
from redirflow.declare.faults import Fault, Place, SpecError
from redirflow.declare.formats import ErrorFormat, ErrorModel, ProblemDetails
from redirflow.declare.hooks import TypeHook
from redirflow.declare.params import Alias, Body, Cookie, Form, Header, Query
from redirflow.declare.redirects import Redirect, RedirectSpec, Reroute, RerouteSpec
from redirflow.declare.specs import CookieSpec, HeaderSpec, ResponseSpec
from redirflow.declare.streams import BackgroundTasks, ServerSentEvent
from redirflow.http import foreign as _foreign
from redirflow.http.local_url import LocalURL, WebURL, local_url
from redirflow.http.request import Request
from redirflow.http.response import Response
from redirflow.http.upload import UploadFile
from redirflow.router import Router
from redirflow.routing.table import RedirectTable

if not typing.TYPE_CHECKING:

    def __getattr__(name):
        write = _foreign.remedy(__name__, name)
        if write:
            raise ImportError(f"{__name__} has no {name}; write: {write}", name=__name__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)


__all__ = [
    "APIKey",
    "Alias",
    "App",
    "BackgroundTasks",
    "BadGateway",
    "BadRequest",
    "Basic",
    "Bearer",
    "Body",
    "Callback",
    "Conflict",
    "ContentTooLarge",
    "Cookie",
    "CookieSpec",
    "Credentials",
    "Depends",
    "ErrorDetail",
    "ErrorFormat",
    "ErrorModel",
    "FailedDependency",
    "Fault",
    "Forbidden",
    "Form",
    "GatewayTimeout",
    "Gone",
    "HTTPError",
    "Header",
    "HeaderSpec",
    "InternalServerError",
    "LengthRequired",
    "LocalURL",
    "Locked",
    "MethodNotAllowed",
    "MisdirectedRequest",
    "NotAcceptable",
    "NotFound",
    "NotImplementedByServer",
    "PaymentRequired",
    "Place",
    "PreconditionFailed",
    "PreconditionRequired",
    "ProblemDetails",
    "Query",
    "RaisesSpec",
    "Redirect",
    "RedirectSpec",
    "RedirectTable",
    "Request",
    "RequestTimeout",
    "Reroute",
    "RerouteSpec",
    "Response",
    "ResponseSpec",
    "Router",
    "Scopes",
    "ServerSentEvent",
    "ServiceUnavailable",
    "SpecError",
    "TooEarly",
    "TooManyRequests",
    "TypeHook",
    "URITooLong",
    "Unauthorized",
    "UnavailableForLegalReasons",
    "UnsupportedMediaType",
    "UpgradeRequired",
    "UploadFile",
    "ValidationFailed",
    "WebURL",
    "local_url",
    "raises",
    "redirects",
    "reroutes",
    "returns",
    "same_secret",
]
