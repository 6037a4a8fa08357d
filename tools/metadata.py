"""Writes the parameters of actions into their metadata, from the Draft 7 files; `--check` says
whether it is so.

    python tools/metadata.py [--check]

For each actions/*.yaml with the immutable parameter `schema`,
`actions/lib/pagerduty_mattermost/schemas/<schema>.json` is the one source of names, types,
defaults and descriptions; immutable parameters and all else stay. StackStorm takes only a subset
and names one error without its place, so limits, formats and what is
required below the top are left to the check in code. Run by `make docs`, held by a test.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "actions" / "lib"), str(ROOT)]


def render(path: Path) -> str:
    """The file as it should be; as it is when its parameters have no schema."""
    text = path.read_text(encoding="utf-8")
    action: Dict[str, Any] = yaml.safe_load(text)
    fixed = {
        name: spec
        for name, spec in (action.get("parameters") or {}).items()
        if spec.get("immutable")
    }
    if "schema" not in fixed:
        return text
    _shims()
    from pagerduty_mattermost.action_bases.inputs import load

    made = parameters(load(fixed["schema"]["default"]))
    clash = sorted(set(made) & set(fixed))
    if clash:
        raise SystemExit(f"{path.name}: {', '.join(clash)} both fixed and in the schema")
    action["parameters"] = {**made, **fixed}
    return "---\n" + yaml.dump(
        action, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110
    )


def parameters(schema: Mapping[str, Any]) -> Dict[str, Dict[str, Any]]:
    """StackStorm's parameters of a Draft 7 schema."""
    required = schema.get("required") or ()
    return {
        name: _parameter(spec, name in required) for name, spec in schema["properties"].items()
    }


def _parameter(spec: Mapping[str, Any], required: bool) -> Dict[str, Any]:
    kind = spec.get("typed") or _kinds(spec)[0]
    made: Dict[str, Any] = {"type": kind}
    if required:
        made["required"] = True
    for key in ("default", "secret"):
        if key in spec:
            made[key] = spec[key]
    if "enum" in spec:
        made["enum"] = spec["enum"]
    if kind == "array" and _kinds(spec.get("items") or {}) in (["string"], ["integer"]):
        made["items"] = {"type": spec["items"]["type"]}
    if kind == "object" and spec.get("properties"):
        made["properties"] = _properties(spec)
    made["description"] = _description(spec, False)
    return made


def _properties(spec: Mapping[str, Any]) -> Dict[str, Dict[str, Any]]:
    """Shape, types and descriptions below the top. Null passes everywhere: people put back what
    they got."""
    required = spec.get("required") or ()
    return {
        name: _below(inner, name in required and "default" not in inner)
        for name, inner in spec["properties"].items()
        if not inner.get("readOnly")
    }


def _below(spec: Mapping[str, Any], required: bool) -> Dict[str, Any]:
    made: Dict[str, Any] = {}
    kinds = _kinds(spec)
    if "reference" in spec:
        made["type"] = ["object", "string", "null"]
    elif kinds:
        made["type"] = [*kinds, *(["null"] if "null" not in kinds else [])]
        properties = _properties(spec) if "object" in kinds and "properties" in spec else {}
        if properties:
            made["properties"] = properties
        items = spec.get("items")
        if "array" in kinds and items:
            made["items"] = _below(items, False)
    description = _description(spec, required)
    if description:
        made["description"] = description
    return made


def _description(spec: Mapping[str, Any], required: bool) -> str:
    words = [str(spec.get("description") or "")]
    items = spec.get("items") or {}
    if "enum" in items and "typed" not in spec and str(items["enum"][0]) not in words[0]:
        words.append("Any of " + ", ".join(items["enum"]) + ".")
    if "enum" in spec and "default" not in spec and "properties" not in spec and required:
        words.append("One of " + ", ".join(str(word) for word in spec["enum"]) + ".")
    if required:
        words.append("Needed.")
    return " ".join(word for word in words if word)


def _kinds(spec: Mapping[str, Any]) -> List[str]:
    kinds = spec.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


class _Dumper(yaml.SafeDumper):
    """Lists stand below their key, indented; nothing is written as a reference to something
    above."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _shims() -> None:
    """The library's base class is StackStorm's; any stand-in will do here."""
    import importlib.util

    if importlib.util.find_spec("st2common") is None:
        sys.path.append(str(ROOT / "standalone" / "shims"))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing, fail when a file is not current"
    )
    check = parser.parse_args(arguments).check
    stale = []
    for path in sorted((ROOT / "actions").glob("*.yaml")):
        wanted = render(path)
        if wanted != path.read_text(encoding="utf-8"):
            stale.append(path.name)
            if not check:
                path.write_text(wanted, encoding="utf-8")
    if check and stale:
        print(
            f"Not as their schemas: {', '.join(stale)}. Run make docs and commit them.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
