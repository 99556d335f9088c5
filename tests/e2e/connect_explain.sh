#!/usr/bin/env bash
# stile connect --explain, and stile explain: what became of a session, as a file and as a page; --lite.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
open_host one 203.0.113.21
open_host two 203.0.113.22
ip -n "$prefix-two" address add 203.0.113.42/24 dev eth0

# meet ROLE_FLAGS_OF_LEFT... : both connect, talk, and end.
meet() {
  peer left one "$stile" connect --stdio --role controlling --explain "$work/left.json" "$@"
  peer right two "$stile" connect --stdio --role controlled --explain "$work/right.json"
  introduce left right
  check "they connect $*" connected left right
  check "data arrives from left $*" converse left right
  check "data arrives from right $*" converse right left
  check "they end well $*" dismiss left right
}

# tells FILE EXPRESSION: Python's opinion of the trace t.
tells() { python3 -c "import json,sys; t=json.load(open(sys.argv[1])); sys.exit(0 if $2 else 1)" "$1"; }
page_of() { "$stile" explain "$1" >"$work/page.html"; }

meet
check "the trace says the role" tells "$work/left.json" 't["role"] == "controlling"'
check "the trace has one selected pair" tells "$work/left.json" 'sum(p["selected"] for p in t["pairs"]) == 1'
check "the trace counts data" tells "$work/left.json" 'any(p["selected"] and p["packetsSent"] == 40 for p in t["pairs"])'
check "the trace tells the session's states" tells "$work/right.json" '"completed" in [e["event"] for e in t["events"]]'
check "the trace has the pairs in time" tells "$work/left.json" 'len({p["state"] for e in t["events"] for p in e["pairs"]}) >= 2'
check "a page is made of it" page_of "$work/left.json"
check "the page says how it ended" grep -q '<b>Connected</b> after' "$work/page.html"
check "the page draws the pairs" grep -q '<rect class="selected"' "$work/page.html"
check "the page says why" grep -q '<td>selected; it answers in' "$work/page.html"
check_not "the page needs nothing else" grep -qE '(src|href)=|@import|url\(' "$work/page.html"
check "the page is well-formed" python3 -c "
import html.parser, sys
class Page(html.parser.HTMLParser):
    open = []
    def handle_starttag(self, tag, _):
        if tag not in ('meta', 'link'): self.open.append(tag)
    def handle_startendtag(self, tag, _): pass
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
page = Page(); page.feed(open(sys.argv[1]).read()); assert not page.open, page.open" "$work/page.html"

meet --lite
check "a lite agent tells it" grep -q '"lite":true' "$work/left.out"
check "a lite agent has not asked" tells "$work/left.json" 'all(p["requestsSent"] == 0 for p in t["pairs"])'
check_not "a lite agent asks no servers" "$stile" connect --stdio --lite --stun 203.0.113.10

echo '{"events":[{"ms":1,"event":"<script>","pairs":[]}],"pairs":[]}' >"$work/odd.json"
check "another trace" page_of "$work/odd.json"
check_not "what a trace says is text" grep -q '<script>' "$work/page.html"
echo '{"events":7}' >"$work/broken.json"
check_not "a file that is none is refused" page_of "$work/broken.json"
"$stile" explain "$work/broken.json" 2>"$work/complaint"
check_equal "in one line" 1 "$(wc -l <"$work/complaint")"
finish
