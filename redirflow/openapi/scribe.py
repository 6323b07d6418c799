"""What is shared while one document is written, and who writes one operation of it.

An author's mistake never stops the writing: it is noted, and what can't be described is left
open, so that one start-up tells them all.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, field

from redirflow.declare.errors import HTTPError
from redirflow.declare.faults import Fault, Place
from redirflow.declare.formats import ErrorFormat
from redirflow.declare.operation import Operation
from redirflow.endpoint.endpoint import Endpoint
from redirflow.openapi.answer import Answer, merged
from redirflow.openapi.naming import Mode
from redirflow.openapi.schema import Components, Schema, SchemaError

_UNFIT_FOR_KEYS: Final = re.compile(r"[^A-Za-z0-9._-]")


class Book(Struct, frozen=True, kw_only=True):
    """One document while it is written.

    Attributes:
        endpoints: all of the app, those that the document leaves out too.
        named: the operations of the document, by operationId.
        schemes: the security schemes that were used, by name.
        errors: what is answered with each class of errors.
        responses: the components among them, by name.
        faults: what is wrong is added here.
        told: the handlers of which something wrong was told before.
    """

    endpoints: Mapping[Operation, Endpoint]
    named: Mapping[str, Operation]
    format: ErrorFormat
    faults: list[Fault]
    told: frozenset[Place | None] = frozenset()
    components: Components = field(default_factory=Components)
    schemes: dict[str, Schema] = field(default_factory=dict[str, Schema])
    errors: dict[type[HTTPError], Answer] = field(default_factory=dict[type[HTTPError], Answer])
    responses: dict[str, Schema] = field(default_factory=dict[str, Schema])
    _shared: dict[str, Answer] = field(default_factory=dict[str, Answer])

    def response(self, answers: Sequence[Answer]) -> Schema:
        """The Response Object of all answers with one status: that of one error is a component."""
        only, name = answers[0], answers[0].name
        if name is None or any(each is not only for each in answers):
            return merged(answers, bodiless=False)
        if self._shared.setdefault(name, only) is not only:
            return merged([only], bodiless=False)  # of another class with the same name
        if name not in self.responses:
            self.responses[name] = merged([only], bodiless=False)
        return {"$ref": f"#/components/responses/{name}"}

    def schema(self, type_: Any, mode: Mode) -> tuple[Schema, list[str]]:
        """The schema of *type_*, or an empty one, and what is wrong with it."""
        try:
            return self.components.schema(type_, mode), self.components.clashes()
        except SchemaError as error:
            return {}, [str(error)]

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


class Scribe(Struct, frozen=True):
    """Writes one operation of a book.

    Attributes:
        quiet: whether what can't be described is left open without a word: it belongs to an
            operation that the document hides, or it may be what was told before.
    """

    operation: Operation
    book: Book
    quiet: bool = False

    def schema(self, type_: Any, mode: Mode) -> Schema:
        """The schema of *type_*; an empty one after noting that there is none."""
        found, said = self.book.schema(type_, mode)
        for each in said:
            # A name that two types want makes the document lie, whoever asked for it.
            self._note(each) if found else self.report(each)
        return found

    def report(self, found: str, allowed: str = "", write: str = "") -> None:
        """Note that something about this operation can't be documented."""
        if not self.quiet:
            self._note(found, allowed, write)

    def _note(self, found: str, allowed: str = "", write: str = "") -> None:
        fault = Fault(f"{self.operation.name}: {found}", allowed, write, self.operation.place)
        self.book.faults.append(fault)
