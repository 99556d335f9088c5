#!/usr/bin/env python3
"""Whether each test that docs/relay-cases.md names is there, and each case from 1 to 124 has one. Exits 1 if not."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
test_case = re.compile(r'TEST_CASE(?:_METHOD)?\((?:\w+,\s*)?((?:"(?:[^"\\]|\\.)*"\s*)+)')


def unit_tests():
    return {"".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals))
            for path in (root / "tests/unit").rglob("*.cpp") for literals in test_case.findall(path.read_text())}


def problems():
    known, covered = unit_tests(), set()
    for cases, _, tests in re.findall(r"^\| ([\d, ]+) \| ([^|]*) \| ([^|]*) \|$", (root / "docs/relay-cases.md").read_text(), re.M):
        covered |= {int(case) for case in cases.split(",")}
        for name in re.findall(r'"([^"]*)"', tests):
            if name not in known:
                yield f"{cases}: there is no test case {name}"
        for script, scenario in re.findall(r"(\w+\.sh) ([\w-]+)", re.sub(r'"[^"]*"', "", tests)):
            found = [path for folder in ("e2e", "interop") for path in [root / "tests" / folder / script] if path.exists()]
            if not any(re.search(rf"(?<![\w-]){scenario}(?![\w-])", path.read_text()) for path in found):
                yield f"{cases}: there is no {script} with {scenario}"
    for case in sorted(set(range(1, 125)) - covered):
        yield f"{case}: no test"


found = list(problems())
print("\n".join(found) or "each case has its tests")
sys.exit(bool(found))
