"""Stand-in: what a dispatch carries to find its story again (see standalone/shims/README.md)."""

from __future__ import annotations

from typing import Optional

__all__ = ["TraceContext"]


class TraceContext:
    """`trace_tag` is ours, `id_` an existing trace's; one of the two is set."""

    def __init__(self, id_: Optional[str] = None, trace_tag: Optional[str] = None) -> None:
        self.id_ = id_
        self.trace_tag = trace_tag

    def __str__(self) -> str:
        return f"{{id_: {self.id_}, trace_tag: {self.trace_tag}}}"
