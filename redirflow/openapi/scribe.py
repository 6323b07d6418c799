"""What is shared while one document is written, and who writes one operation of it.

An author's mistake never stops the writing: it is noted, and what can't be described is left
open, so that one start-up tells them all.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from redirflow.declare.faults import Fault
from redirflow.declare.formats import ErrorFormat
from redirflow.declare.operation import Operation
from redirflow.endpoint.endpoint import Endpoint
from redirflow.openapi.naming import Mode
from redirflow.openapi.schema import Components, Schema, SchemaError

_UNFIT_FOR_KEYS: Final = re.compile(r"[^A-Za-z0-9._-]")


def given(**parts: Any) -> Schema:
    """An object of the document without the parts that say nothing."""
    return {name: part for name, part in parts.items() if part not in (None, {}, [])}


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One document while it is written.

    Attributes:
        endpoints: all of the app, those that the document leaves out too.
        named: the operations of the document, by operationId.
        schemes: the security schemes that were used, by name.
        faults: what is wrong is added here.
    """

    endpoints: Mapping[Operation, Endpoint]
    named: Mapping[str, Operation]
    format: ErrorFormat
    faults: list[Fault]
    components: Components = field(default_factory=Components)
    schemes: dict[str, Schema] = field(default_factory=dict[str, Schema])

    def seen(self, operations: Iterable[Operation]) -> list[Operation]:
        """Those of *operations* that stand in the document."""
        return [each for each in operations if self.named.get(each.name) is each]

    def links(self, operations: Iterable[Operation]) -> dict[str, Schema]:
        """A link to each of *operations* that stands in the document, by name.

        No parameters: which values a handler fills in is not declared, and a guess would lie.
        """
        return {
            _UNFIT_FOR_KEYS.sub("_", each.name): {"operationId": each.name}
            for each in self.seen(operations)
        }


@dataclass(frozen=True, slots=True)
class Scribe:
    """Writes one operation of a book."""

    operation: Operation
    book: Book

    def schema(self, type_: Any, mode: Mode) -> Schema:
        """The schema of *type_*; an empty one after noting that there is none."""
        try:
            return self.book.components.schema(type_, mode)
        except SchemaError as error:
            self.report(str(error))
            return {}

    def report(self, found: str, allowed: str = "", write: str = "") -> None:
        """Note that something about this operation can't be documented."""
        fault = Fault(f"{self.operation.name}: {found}", allowed, write, self.operation.place)
        self.book.faults.append(fault)
