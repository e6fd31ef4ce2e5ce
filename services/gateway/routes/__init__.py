"""The HTTP API, a file a resource."""

from __future__ import annotations

from starlette.convertors import StringConvertor, register_url_convertor


class _BeforeVerb(StringConvertor):
    """A name in a path where `:verb` may follow: without it, the name would take the verb in."""

    regex = "[^/:]+"


register_url_convertor("before_verb", _BeforeVerb())
