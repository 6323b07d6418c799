"""Bulk rules: tables of exact rows, a million of them if need be.

A row is no object. The table is one dictionary from the decoded source to bytes: the number
of a `Kind` (status, query, methods), then the location as it is sent. Building it checks
every row by itself; what rows mean to each other and to the app is checked when the app is
compiled (`rows`).

Rows of a `_redirects` file that have parameters, or that a reroute answers, are ordinary
rules.
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike, fspath
from typing import Any, Final, TypeAlias

from redirflow.declare.faults import Fault, Place, SpecError, calling_place
from redirflow.declare.operation import RedirectRule, RerouteRule
from redirflow.http.location import LocationPolicy, LocationRefused, compile_location
from redirflow.http.methods import REDIRECT_STATUSES
from redirflow.routing.template import DOTS
