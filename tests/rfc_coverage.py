#!/usr/bin/env python3
"""Writes docs/rfc-coverage.md: each cited RFC section with the files that implement it and the tests tagged with it.

Without arguments it writes the page; with --check it exits 1 if the page is not current.
"""
import collections
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
rule = r"(?:§\d[\d.]*\b|REQ-\d+[a-c]?)"
citation = re.compile(rf"RFC (\d{{3,5}}) ({rule}(?:(?:, | and ){rule})*)")
comment_break = re.compile(r"\n\s*//[/!<]*\s*")  # a citation may be cut by the end of a comment's line
tag = re.compile(r"\[rfc(\d{3,5})-(req)?([\d.a-c]+)\]", re.IGNORECASE)


def collect():
    code = collections.defaultdict(set)
    tests = collections.defaultdict(int)
    for folder in ("libice", "server", "nat", "client"):
        for path in sorted((root / folder).rglob("*.[ch]pp")):
            for number, rules in citation.findall(comment_break.sub(" ", path.read_text())):
                for section in re.findall(rule, rules):
                    code[int(number), section].add(path.relative_to(root).as_posix())
    for path in sorted((root / "tests").rglob("*.cpp")):
        for number, requirement, section in tag.findall(path.read_text()):
            tests[int(number), "REQ-" + section if requirement else "§" + section] += 1
    return code, tests


def order(key):
    number, section = key
    return number, section.startswith("REQ"), [int(n) for n in re.findall(r"\d+", section)], section


def page(code, tests):
    lines = ["# Where each rule is", "",
             "Made by `tests/rfc_coverage.py` from the citations in the sources and the tags of the unit and simulation tests. The",
             "last column counts the test cases that are tagged with the rule; `build/tests/unit_relay '[rfc8656-7.2]'` runs them.",
             "Where it is empty the behaviour is covered by tests of other sections, by the end-to-end scripts, which have no tags,",
             "or not at all. An empty middle column: the sources cite the section above it, or none."]
    last = None
    for key in sorted(set(code) | set(tests), key=order):
        number, section = key
        if number != last:
            lines += ["", f"## RFC {number}", "", "| rule | implemented in | tests |", "|---|---|---|"]
            last = number
        files = ", ".join(f"`{name}`" for name in sorted(code.get(key, ())))
        lines.append(f"| {section} | {files} | {tests.get(key) or ''} |")
    return "\n".join(lines) + "\n"


def main():
    target = root / "docs" / "rfc-coverage.md"
    text = page(*collect())
    if "--check" not in sys.argv[1:]:
        target.write_text(text)
    elif not target.exists() or target.read_text() != text:
        sys.exit("docs/rfc-coverage.md is not current; run tests/rfc_coverage.py")


main()
