"""Whether one JSON Schema takes all that another one lets pass."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_AT_LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_AT_MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_AS_IT_IS = ("pattern", "format", "multipleOf", "contentEncoding", "contentMediaType", "uniqueItems")
_CONDITIONS = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "contains", "dependentRequired", "propertyNames")
_CHOICES = ("allOf", "anyOf", "oneOf")
_ANNOTATIONS = {"title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly"}
_TYPES = {"string", "number", "integer", "boolean", "object", "array", "null"}
Schema = Mapping[str, Any]


class Narrowing:
    """Compares `offered`, of the document `offering`, with `accepting`, of the document `taking`.

    For what is sent to Loupe the offered is the old and the accepting the new; for what Loupe sends, the reverse. Finds
    no more than it understands: a condition that is not the same as before counts as narrower.
    """

    def __init__(self, offering: Schema, taking: Schema, *, answer: bool) -> None:
        self._offering = offering
        self._taking = taking
        self._answer = answer
        self._seen: set[tuple[str, str]] = set()

    def between(self, offered: Any, accepting: Any, path: str = "") -> list[str]:
        """What `accepting` refuses of `offered`, in words, each with its path; and properties that are gone."""
        names = (_reference(offered), _reference(accepting))
        if all(names):
            if names in self._seen:
                return []
            self._seen.add(names)  # type: ignore[arg-type]  # both are there
        return self._compare(self._plain(offered, self._offering), self._plain(accepting, self._taking), path)

    def _plain(self, schema: Any, document: Schema) -> Schema:
        """Without references at its top, and without a choice of one."""
        if isinstance(schema, bool):
            return {} if schema else {"not": {}}
        schema = {name: value for name, value in schema.items() if name not in _ANNOTATIONS}
        if "$ref" in schema:
            found = _look_up(schema.pop("$ref"), document)
            return self._plain({**found, **schema}, document)
        if len(schema) == 1 and (only := next((schema[n] for n in _CHOICES if len(schema.get(n, ())) == 1), None)):
            return self._plain(only[0], document)
        plain: Schema = schema
        return plain

    def _compare(self, offered: Schema, accepting: Schema, path: str) -> list[str]:
        if _is_union(offered):
            return [told for each in _branches(offered) for told in self.between(each, accepting, path)]
        if _is_union(accepting):
            return self._one_of(offered, _branches(accepting), path)
        return [
            *self._types(offered, accepting, path),
            *self._values(offered, accepting, path),
            *self._conditions(offered, accepting, path),
            *self._properties(offered, accepting, path),
            *self._items(offered, accepting, path),
        ]

    def _one_of(self, offered: Schema, branches: list[Any], path: str) -> list[str]:
        told: list[list[str]] = []
        for branch in branches:
            plain = self._plain(branch, self._taking)
            if _types(offered) & _types(plain):
                told.append(Narrowing(self._offering, self._taking, answer=self._answer).between(offered, branch, path))
                if not told[-1]:
                    return []
        return min(told, key=len) if told else [f"{path or '.'}: {_named(offered)} is not taken"]

    def _types(self, offered: Schema, accepting: Schema, path: str) -> list[str]:
        lost = sorted(_types(offered) - _types(accepting))
        return [f"{path or '.'}: {' or '.join(lost)} is not taken"] if lost else []

    def _values(self, offered: Schema, accepting: Schema, path: str) -> list[str]:
        told = []
        here = path or "."
        if (allowed := _enumerated(accepting)) is not None:
            given = _enumerated(offered)
            if given is None:
                told.append(f"{here}: only {', '.join(sorted(allowed))} is taken")
            elif lost := sorted(given - allowed):
                told.append(f"{here}: {', '.join(lost)} is not taken")
        elif _enumerated(offered) is None:
            for name in _AT_LEAST + _AT_MOST:
                limit, before = accepting.get(name), offered.get(name)
                stricter = limit is not None and (
                    before is None or (limit > before if name in _AT_LEAST else limit < before)
                )
                if stricter:
                    told.append(f"{here}: {name} is {limit}, not {before}")
            for name in _AS_IT_IS:
                if accepting.get(name) and accepting.get(name) != offered.get(name):
                    told.append(f"{here}: {name} is {accepting[name]}, not {offered.get(name)}")
        return told

    def _conditions(self, offered: Schema, accepting: Schema, path: str) -> list[str]:
        return [
            f"{path or '.'}: the condition in {name} is another one"
            for name in _CONDITIONS
            if name in accepting and _text(accepting[name]) != _text(offered.get(name))
        ]

    def _properties(self, offered: Schema, accepting: Schema, path: str) -> list[str]:
        given, taken = offered.get("properties", {}), accepting.get("properties", {})
        old, new = (taken, given) if self._answer else (given, taken)
        told = [f"{path}.{name}: is gone" for name in old if name not in new]
        needed = set(accepting.get("required", ())) - set(offered.get("required", ()))
        word = "may be absent" if self._answer else "is required"
        told += [f"{path}.{name}: {word}" for name in sorted(needed) if name in new]
        if not self._answer and accepting.get("additionalProperties") is False:
            if "object" in _types(offered) and offered.get("additionalProperties", {}) not in (False, {"not": {}}):
                told.append(f"{path or '.'}: properties that are not named are not taken")
        elif isinstance(offered.get("additionalProperties"), dict) and "additionalProperties" in accepting:
            told += self.between(offered["additionalProperties"], accepting["additionalProperties"], f"{path}.*")
        patterns = accepting.get("patternProperties", {})
        told += [
            f"{path}: names like {name} are not taken"
            for name in offered.get("patternProperties", {})
            if name not in patterns
        ]
        for name, schema in offered.get("patternProperties", {}).items():
            told += self.between(schema, patterns.get(name, True), f"{path}.*")
        for name in given.keys() & taken.keys():
            told += self.between(given[name], taken[name], f"{path}.{name}")
        return told

    def _items(self, offered: Schema, accepting: Schema, path: str) -> list[str]:
        if "items" not in accepting or "array" not in _types(offered):
            return []
        return self.between(offered.get("items", True), accepting["items"], f"{path}[]")


def _look_up(reference: str, document: Schema) -> Any:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def _reference(schema: Any) -> str | None:
    return schema.get("$ref") if isinstance(schema, Mapping) else None


def _is_union(schema: Schema) -> bool:
    """A choice of schemas, and no condition beside the properties of one."""
    return ("anyOf" in schema or "oneOf" in schema) and "properties" not in schema and "type" not in schema


def _branches(schema: Schema) -> list[Any]:
    branches: list[Any] = schema["anyOf"] if "anyOf" in schema else schema["oneOf"]
    return branches


def _types(schema: Schema) -> set[str]:
    """By the schema's word; an integer is a number, and no word is every type."""
    said = schema.get("type")
    if said is None and (values := _enumerated(schema)) is not None:
        return {_TYPE_OF[type(json.loads(value))] for value in values}
    types = set(_TYPES) if said is None else {said} if isinstance(said, str) else set(said)
    return types | {"integer"} if "number" in types else types


_TYPE_OF = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    dict: "object",
    list: "array",
    type(None): "null",
}


def _enumerated(schema: Schema) -> set[str] | None:
    if "const" in schema:
        return {_text(schema["const"])}
    return {_text(value) for value in schema["enum"]} if "enum" in schema else None


def _named(schema: Schema) -> str:
    return " or ".join(sorted(_types(schema)))


def _text(value: Any) -> str:
    """The same for what means the same; what is for people does not count."""

    def bare(one: Any) -> Any:
        if isinstance(one, list):
            return [bare(each) for each in one]
        if isinstance(one, dict):
            return {name: bare(each) for name, each in one.items() if name not in _ANNOTATIONS}
        return one

    return json.dumps(bare(value), sort_keys=True)
