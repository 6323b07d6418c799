"""The source of the fast way through one operation (`serve.fast`), line by line.

It holds no string of an author's: names are numbered, constants are globals of the function.
"""

from typing import Any, Final

from redirflow.declare.redirects import Redirect
from redirflow.endpoint.endpoint import Endpoint
from redirflow.endpoint.plan import quick_redirect
from redirflow.endpoint.signature import Parameter, Required
from redirflow.http.media import JSON_CODEC
from redirflow.http.response import EMPTY
from redirflow.serve.failures import forget

_LARGEST: Final = 2**63 - 1
"""Larger numbers take the careful way."""

_QUERY: Final = 999
"""Bytes of a query that surely holds no more than 1000 pairs."""

_OF_A_BODY: Final = {
    "kind": 'b"content-type"',
    "coding": 'b"content-encoding"',
    "announced": 'b"content-length"',
}

_START: Final = '{"type": "http.response.start", "status": status, "headers": headers}'


class Writing:
    """Writes the source of one operation, and collects the globals it uses."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.names: dict[str, Any] = {}
        parameters = endpoint.handler.signature.parameters
        self._parameters = {parameter.name: parameter for parameter in parameters}
        order = endpoint.handler.signature.positional or ()
        self._number = {name: number for number, name in enumerate(order)}
        body = endpoint.body
        self._body = None if body is None else self._number[body.parameter.name]

    def lines(self) -> list[str]:
        """The source, line by line."""
        bound = [*self._path(), *self._query(), *self._headers()]
        return [
            "async def serve(scope, receive, send, values):",
            *_indented(self._fields()),
            *_guarded(bound),
            *_indented(self._read_body()),
            *_indented(self._told()),
            "    try:",
            f"        result = await handler({', '.join(f'a{n}' for n in self._number.values())})",
            *_indented(self._redirected()),
            "    except BaseException as error:  # a cancellation too, where it is nobody's",
            "        status, headers, body = failed(error, scope)",
            "    else:",
            *_indented(_indented(self._respond())),
            "    try:",
            f"        await send({_START})",
            '        await send({"type": "http.response.body", "body": body})',
            "    except OSError:",
            "        return  # the client has left",
        ]

    def _of(self, where: str) -> list[tuple[int, Parameter]]:
        return [
            (self._number[parameter.name], parameter)
            for parameter in self._parameters.values()
            if parameter.where == where
        ]

    def _path(self) -> list[str]:
        """The path parameters, by their order in the template."""
        holes = [hole.name for hole in self.endpoint.template.holes]
        numbers = {parameter.key: number for number, parameter in self._of("path")}
        texts = [f"t{numbers[hole]}" for hole in holes]
        if not texts:
            return []
        lines = [f"{', '.join(texts)} = values"]
        for number, parameter in self._of("path"):
            lines += self._converted(
                number, parameter, f"t{number}", "{}.isascii() and {}.isdigit()"
            )
        return lines

    def _query(self) -> list[str]:
        """The query parameters: one pass over the pairs, the last value of a name counts."""
        parameters = self._of("query")
        if not parameters:
            return []
        lines = ['query = scope["query_string"]']
        lines += [f"t{number} = None" for number, _ in parameters]
        lines += [
            "if query:",
            # PERF: numbers of bytes; for `b"%"` Python first tries, and fails, to read an integer.
            f"    if len(query) > {_QUERY} or {ord('%')} in query or {ord('+')} in query:",
            "        raise ValueError",
            '    for pair in query.split(b"&"):',
            '        key, _, text = pair.partition(b"=")',
        ]
        for position, (number, parameter) in enumerate(parameters):
            self.names[f"k{number}"] = parameter.key.encode()
            test = "elif" if position else "if"
            lines += [f"        {test} key == k{number}:", f"            t{number} = text"]
        for number, parameter in parameters:
            lines += self._optional(number, parameter, "{}.isdigit()", '{}.decode("ascii")')
        return lines

    def _fields(self) -> list[str]:
        """One pass over the fields: the Host (`serve.gate`), and what is declared of the others."""
        parameters = self._of("header")
        self.names |= {f"k{number}": one.key.encode("latin-1") for number, one in parameters}
        wanted = {f"t{number}": f"k{number}" for number, _ in parameters}
        if self._body is not None:
            wanted |= _OF_A_BODY
        lines = [
            f"{' = '.join(['host', *wanted])} = None",
            'for name, value in scope["headers"]:',
            "    if name in HOST:",
            '        host = value if host is None else b""',
        ]
        for local, name in wanted.items():
            lines += [f"    elif name == {name}:", f"        {local} = value"]
        return [
            *lines,
            "if host not in known:",
            "    refused = refusal(scope)",
            "    if refused is not None:",
            "        return await deliver(refused, scope, send)",
        ]

    def _headers(self) -> list[str]:
        """Header parameters, and the look at a body's fields.

        A parameter that is missing is a doubt: its name may be in capitals.
        """
        lines: list[str] = []
        for number, parameter in self._of("header"):
            # A field that is missing is `None`, which has no digits and can't be decoded: a doubt.
            lines += self._converted(
                number, parameter, f"t{number}", "{}.isdigit()", '{}.decode("latin-1")'
            )
        return lines + (self._plain_body() if self._body is not None else [])

    def _plain_body(self) -> list[str]:
        """Doubt a body that is no plain JSON or, with as many digits as the limit, too large."""
        self.names["digits"] = len(str(self.endpoint.max_body_size))
        return [
            'if kind != b"application/json" or coding is not None:',
            "    raise ValueError",
            "if announced is not None and len(announced) >= digits:",
            "    raise ValueError",
        ]

    def _optional(self, number: int, parameter: Parameter, digits: str, decode: str) -> list[str]:
        """A parameter that may be missing; one that must not be is then a doubt."""
        if isinstance(parameter.default, Required):
            missing = "    raise ValueError"
        else:
            self.names[f"d{number}"] = parameter.default
            missing = f"    a{number} = d{number}()"
        found = self._converted(number, parameter, f"t{number}", digits, decode)
        return [f"if t{number} is None:", missing, "else:", *_indented(found)]

    def _converted(
        self, number: int, parameter: Parameter, text: str, digits: str, decode: str = "{}"
    ) -> list[str]:
        """From a text to an argument: inline for integers and strings, else by its reader."""
        if parameter.reader.fast == "int":
            return [
                f"if not ({digits.format(text, text)}):",
                "    raise ValueError",
                f"a{number} = int({text})",
                f"if a{number} > {_LARGEST}:",
                "    raise ValueError",
            ]
        decoded = decode.format(text)
        if parameter.reader.fast == "str":
            return [f"a{number} = {decoded}"]
        self.names[f"r{number}"] = parameter.reader.read
        return [f"a{number} = r{number}({decoded})"]

    def _read_body(self) -> list[str]:
        """A JSON body that arrives in one piece."""
        if self.endpoint.body is None:
            return []
        self.names["decode"] = self.endpoint.body.decode[JSON_CODEC.name]
        self.names["limit"] = self.endpoint.max_body_size
        again = "    return await careful(scope, replayed(message, receive), send, values)"
        return [
            "message = await receive()",
            'body = message.get("body")',
            'if not body or message.get("more_body") or len(body) > limit:',
            again,
            "try:",
            f"    a{self._body} = decode(body)",
            "except Exception:",
            again,
        ]

    def _told(self) -> list[str]:
        """What middleware finds in the scope."""
        path = self._of("path")
        self.names.update({f"n{number}": parameter.key for number, parameter in path})
        params = ", ".join(f"n{number}: a{number}" for number, _ in path)
        return [
            'scope["route"] = route',
            'scope["endpoint"] = handler',
            f'scope["path_params"] = {{{params}}}',
        ]

    def _redirected(self) -> list[str]:
        """The usual redirect; any other goes to `failed`."""
        quick = quick_redirect(self.endpoint.judge)
        if quick is None:
            return []
        self.names.update({"Redirect": Redirect, "moved": quick.status, "EMPTY": EMPTY})
        self.names.update({"located": quick.known, "forget": forget})
        if quick.ready:
            self.names["ready"] = quick.ready
        more = ", *ready" if quick.ready else ""
        return [
            "except Redirect as redirect:",
            "    try:",
            "        key, form = located[redirect.target]",
            "        params = redirect.params",
            "        value = params[key]",
            "        if type(value) is not int or len(params) > 1 or redirect.extras is not None:",
            "            raise ValueError",
            '        if scope.get("root_path"):',
            "            raise ValueError",
            f'        headers = [(b"location", form % value), EMPTY{more}]',
            "        status = moved",
            '        body = b""',
            "    except Exception:  # among them: a slot never set, too many digits",
            "        status, headers, body = failed(redirect, scope)",
            "    try:",
            "        redirect.__traceback__ = redirect.__context__ = None",
            "    except Exception:  # a class of an author's; PERF: `forget` is for it alone",
            "        forget(redirect)",
        ]

    def _respond(self) -> list[str]:
        """The usual success inline, anything else by `respond`."""
        plan = self.endpoint.successes.get(self.endpoint.default_status or 0)
        careful = "status, headers, body = respond(result, scope)"
        if plan is None or not plan.fields.idle or plan.location is not None or not plan.bodies:
            return [careful]
        (body,) = plan.bodies.values()
        self.names["encode"] = body.encode
        self.names["check"] = body.check
        self.names["exact"] = body.exact
        self.names["content_type"] = (b"content-type", body.media_type)
        self.names["success"] = plan.status
        return [
            "try:",
            "    body = encode(result)",
            "    if not exact(result):",
            "        check(body)",
            "except Exception:",
            f"    {careful}",
            "else:",
            "    status = success",
            "    size = len(body)",
            "    length = lengths[size] if size < kept else content_length(size)",
            "    headers = [content_type, length]",
        ]


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _guarded(lines: list[str]) -> list[str]:
    """*lines* with every doubt leading to the careful way."""
    if not lines:
        return []
    return [
        "    try:",
        *_indented(_indented(lines)),
        "    except Exception:",
        "        return await careful(scope, receive, send, values)",
    ]
