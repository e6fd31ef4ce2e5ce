"""The HTTP API, a file a resource."""

from __future__ import annotations

from starlette.convertors import StringConvertor, register_url_convertor


class _BeforeVerb(StringConvertor):
    """A name in a path where `:verb` may follow: without it, the name would take the verb in."""

    regex = "[^/:]+"


class _Shopper(StringConvertor):
    """A shopper's name, which may hold a colon, where one of two verbs may follow."""

    regex = "[^/]+(?<!:erase)(?<!:export)"


register_url_convertor("before_verb", _BeforeVerb())
register_url_convertor("shopper", _Shopper())
