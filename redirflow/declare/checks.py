"""An argument of a declaration is what its annotation says; anything else is a `SpecError`.

Annotations are for type checkers, and not every author runs one. Without a look at them here
`tags="users"` would be five letters, `debug="0"` true, and `raises=NotFound` a traceback out of
a file that the author never wrote. What declares something hands its arguments over in its first
line; what an argument may be is said once, by its annotation.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, wraps
from inspect import isfunction, signature
from types import MappingProxyType, NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Literal,
    ParamSpec,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from msgspec import StructMeta

from redirflow.declare.faults import SpecError, refuse

P = ParamSpec("P")
T = TypeVar("T")

_WORDS: Final[Mapping[Any, str]] = MappingProxyType(
    {str: "text", bool: "True or False", int: "an integer", NoneType: "None"}
)
_COUNTS: Final = MappingProxyType({"max_age": "seconds", "max_body_size": "bytes"})
"""Integers that can't be negative, each with its unit."""

_WRITE: Final = MappingProxyType(
    {
        "path": '@app.get("/users/{user_id}")',
        "methods": 'methods=["GET", "POST"]',
        "redirects.status_code": "@redirects(303, to=...)",
        "tags": 'tags=["users"]',
        "raises": "raises=[NotFound]",
        "headers": 'headers={"X-Total": HeaderSpec(int)}',
        "reroute.headers": 'headers={"Accept": "application/json"}',
        "cookies": 'cookies={"sid": CookieSpec()}',
        "dependencies": "dependencies=[current_user]",
        "scopes": 'scopes=("read",)',
        "callbacks": 'callbacks={"paid": Callback("{$request.body#/callback_url}", Paid)}',
        "sunset": "sunset=datetime(2027, 6, 30, tzinfo=UTC)",
        "prefix": 'prefix="/api"',
        "max_body_size": "max_body_size=1024 * 1024",
        "error_format": "error_format=ProblemDetails()",
        "allowed_hosts": 'allowed_hosts=["example.com"]',
        "middleware": "middleware=[factory], where factory(app) is an ASGI app",
        "to": 'to=get_user, to="get_user" or to="/path"',
        "APIKey()": 'APIKey(header="X-API-Key"), APIKey(query="key") or APIKey(cookie="sid")',
        "Alias()": 'Alias("x-name")',
        "App()": 'App(title="Books")',
        "Basic()": 'Basic(realm="books")',
        "Bearer()": 'Bearer(scopes=["read"])',
        "Callback()": 'Callback("{$request.body#/callback_url}", Paid)',
        "CookieSpec()": 'cookies={"sid": CookieSpec(max_age=3600)}',
        "Depends()": "Depends(current_user)",
        "ErrorModel()": "ErrorModel()",
        "HeaderSpec()": 'headers={"X-Total": HeaderSpec(int)}',
        "ProblemDetails()": 'ProblemDetails("/errors#")',
        "RaisesSpec()": "@raises(NotFound)",
        "RedirectSpec()": "@redirects(303, to=...)",
        "RedirectTable()": 'RedirectTable.load("moved.csv") or RedirectTable.from_pairs(rows)',
        "RerouteSpec()": "@reroutes(to=...)",
        "ResponseSpec()": "@returns(User, status_code=201)",
        "Router()": 'Router(prefix="/books")',
        "TypeHook()": "TypeHook(Money, decode=Money.parse)",
        "redirects()": "@redirects(303, to=...)",
        "reroutes()": "@reroutes(to=...)",
        "returns()": "@returns(User, status_code=201)",
        "app": 'mount("/static", asgi_app)',
        "table": 'RedirectTable.load("moved.csv")',
    }
)
"""What to write, by argument, or by function and argument."""


def check(declaring: Any, given: Mapping[str, Any], owner: str = "") -> None:
    """Refuse the first argument that does not fit its annotation.

    Args:
        declaring: the function, or the class whose fields are its arguments.
        given: the arguments by name; what is not annotated is not looked at.
        owner: how the author calls it; by default its own name.

    Raises:
        SpecError: one does not fit.
    """
    for name, hint in _hints(declaring).items():
        if name not in given:
            continue
        value, owner = given[name], owner or _name(declaring)
        write = _WRITE.get(f"{owner}.{name}", _WRITE.get(name, ""))
        if write.startswith("@") and isfunction(value):
            raise uncalled(value, write)
        if not fits(value, hint):
            raise refuse(f"{owner}({name}={shown(value)})", words(hint), write)
        if name in _COUNTS and value is not None and value < 0:
            raise refuse(f"{owner}({name}={value})", f"{_COUNTS[name]}, 0 or more", write)


def declares(function: Callable[P, T]) -> Callable[P, T]:
    """Tells an author of an argument that is missing or unknown, and what was meant."""
    known = signature(function)

    @wraps(function)
    def declared(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            known.bind(*args, **kwargs)
        except TypeError as error:
            raise _miscalled(_name(function), known.parameters, str(error), kwargs) from None
        return function(*args, **kwargs)

    return declared


if TYPE_CHECKING:
    DeclaredMeta = StructMeta  # a type checker looks at the fields
else:

    class DeclaredMeta(StructMeta):
        """`declares` for records that authors make: msgspec does not say of which it speaks."""

        def __call__(self, *args, **kwargs):
            """The record, or a `SpecError`."""
            try:
                return super().__call__(*args, **kwargs)
            except TypeError as error:
                if error.__traceback__.tb_next is not None:
                    raise  # of what an author gave, when it was looked at
                said = f"{str(error)[0].lower()}{str(error)[1:]}"
                name = self.__name__
                # The fields of what others make are theirs.
                fields = (
                    self.__struct_fields__
                    if f"{name}(" in _WRITE.get(f"{name}()", f"{name}(")
                    else ()
                )
                raise _miscalled(name, fields, said, kwargs) from None


def _miscalled(owner: str, known: Iterable[str], said: str, given: Iterable[str]) -> SpecError:
    """What is said of arguments that *owner* does not take as they are *given*."""
    names = [name for name in known if name != "self"]
    odd = next((name for name in given if name not in names), "")
    write = meant(odd, names) or _WRITE.get(f"{owner}()", "")
    how = "by name: " if "positional" in said else ""
    return refuse(f"{owner}(): {said}", f"{how}{', '.join(names)}" if names else "", write)


def meant(name: str, known: Iterable[str]) -> str:
    """The one of the *known* arguments that *name* looks like, as it is written."""
    from difflib import get_close_matches  # for mistakes only, and start-up counts

    near = get_close_matches(name, known, 1)
    return f"{near[0]}=..." if near else ""


def check_fields(record: Any) -> None:
    """`check` for the fields of a record that an author makes."""
    kind = record.__class__
    check(kind, {name: getattr(record, name) for name in _hints(kind)})


@cache
def _hints(declaring: Any) -> dict[str, Any]:
    return get_type_hints(declaring)


def _name(declaring: Any) -> str:
    outer, _, name = str(declaring.__qualname__).rpartition(".")
    return outer if name.startswith("__") else name


def uncalled(function: Any, write: str) -> SpecError:
    """What is said of a decorator that took the function below it for its argument."""
    return refuse(f"the decorator above {shown(function)} lacks its parentheses", "a call", write)


def shown(value: Any) -> str:
    """*value* for a message: functions and classes by their names."""
    if _is(value, tuple, list):
        return f"[{', '.join(map(shown, value))}]"
    if _is(value, type) or isfunction(value):
        return str(value.__name__)
    try:
        return repr(value)[:100]
    except Exception:  # noqa: BLE001 - an author's class may raise anything
        return object.__repr__(value)


def listed(values: Any) -> tuple[Any, ...]:
    """One or several, as several."""
    return tuple(values) if _is(values, tuple, list) else (values,)


def fits(value: Any, hint: Any) -> bool:
    """Whether *value* is what *hint* says; what is left in an iterator is not looked at."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return any(fits(value, each) for each in inner)
    if origin is Literal:
        return value in inner
    if origin is type:
        return _is(value, type) and issubclass(value, inner[0])
    if origin is Mapping:
        return _is(value, Mapping) and all(
            fits(key, inner[0]) and fits(each, inner[1]) for key, each in value.items()
        )
    if origin in {tuple, Iterable}:
        several = _is(value, tuple, list) if origin is tuple else _is_list(value)
        return several and (iter(value) is value or all(fits(each, inner[0]) for each in value))
    if _is(value, type) and getattr(hint, "_is_protocol", False):
        return False  # its class has all of its members too
    return hint is Any or (_is(value, origin or hint) and not (hint is int and _is(value, bool)))


def _is_list(value: Any) -> bool:
    return _is(value, Iterable) and not _is(value, str, bytes, Mapping)


def _is(value: Any, *kinds: Any) -> bool:
    return isinstance(value, kinds)


def words(hint: Any) -> str:
    """What *hint* allows, for a message."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint in _WORDS:
        return _WORDS[hint]
    if origin is Literal:
        return ", ".join(map(repr, inner))
    if origin in {Union, UnionType}:
        return " or ".join(dict.fromkeys(map(words, inner)))
    if origin is type:
        return f"a subclass of {inner[0].__name__}"
    if origin is Callable:
        return "a function"
    if origin is Mapping:
        return "a mapping" if inner[1] is Any else f"a mapping of text to {words(inner[1])}"
    if origin in {tuple, Iterable}:
        return f"a list, each {words(inner[0])}"
    return f"{'an' if hint.__name__[0] in 'AEIOU' else 'a'} {hint.__name__}"
