#!/usr/bin/python3
"""A libnice agent that speaks the JSON lines of `stile connect --stdio` (without --trickle), and uses no candidates but
its relay's where it is told so."""
import argparse
import ctypes
import json
import signal
import sys
import time

import gi

gi.require_version("Nice", "0.1")
from gi.repository import GLib, Nice

COMPONENT = 1
BEGAN = time.monotonic()


def write(line):
    print(json.dumps(line, separators=(",", ":")), flush=True)


def kind(candidate):
    return {Nice.CandidateType.HOST: "host", Nice.CandidateType.SERVER_REFLEXIVE: "srflx",
            Nice.CandidateType.PEER_REFLEXIVE: "prflx", Nice.CandidateType.RELAYED: "relay"}[candidate.type]


class Peer:
    def __init__(self, options, loop):
        self.options, self.loop, self.connected, self.selected = options, loop, False, None
        self.agent = Nice.Agent.new(loop.get_context(), Nice.Compatibility.RFC5245)
        for name, value in (("controlling-mode", options.role == "controlling"), ("upnp", False), ("ice-tcp", False),
                            ("force-relay", options.policy == "relay"), ("stun-server-port", 3478)):
            self.agent.set_property(name, value)
        if options.server:
            self.agent.set_property("stun-server", options.server)
        address = Nice.Address.new()
        address.set_from_string(options.address)
        self.agent.add_local_address(address)
        self.stream = self.agent.add_stream(1)
        if options.turn:
            relay = {"udp": Nice.RelayType.UDP, "tcp": Nice.RelayType.TCP}[options.turn]
            self.agent.set_relay_info(self.stream, COMPONENT, options.server, 3478, "u", "p", relay)
        self.receive()
        self.agent.connect("candidate-gathering-done", self.gathered)
        self.agent.connect("new-selected-pair-full", self.select)
        self.agent.connect("component-state-changed", self.changed)
        self.agent.gather_candidates(self.stream)
        self.input = b""
        GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, sys.stdin.fileno(), GLib.IOCondition.IN, self.read)

    def receive(self):
        """nice_agent_attach_recv takes a C function, which introspection does not offer."""
        pointer = ctypes.c_void_p
        signature = ctypes.CFUNCTYPE(None, pointer, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint, pointer, pointer)
        self.on_data = signature(lambda agent, stream, component, size, data, user:
                                 write({"data": ctypes.string_at(data, size).decode()}))
        attach = ctypes.CDLL("libnice.so.10").nice_agent_attach_recv
        attach.argtypes = [pointer, ctypes.c_uint, ctypes.c_uint, pointer, signature, pointer]
        attach(hash(self.agent), self.stream, COMPONENT, None, self.on_data, None)

    def gathered(self, agent, stream):
        _, fragment, password = agent.get_local_credentials(stream)
        candidates = [agent.generate_local_candidate_sdp(each).removeprefix("a=")
                      for each in agent.get_local_candidates(stream, COMPONENT)]
        write({"local": {"ufrag": fragment, "pwd": password, "candidates": candidates}})

    def select(self, _agent, _stream, _component, local, remote):
        self.selected = {"local": kind(local), "remote": kind(remote)}

    def changed(self, _agent, _stream, _component, state):
        if state == Nice.ComponentState.READY and not self.connected:
            self.connected = True
            write({"connected": {"ms": round(1000 * (time.monotonic() - BEGAN)), **self.selected}})
        elif state == Nice.ComponentState.FAILED:
            write({"failed": {"reason": "no pair is left"}})

    def read(self, _number, _condition):
        *lines, self.input = (self.input + sys.stdin.buffer.raw.read(65536)).split(b"\n")
        for line in lines:
            said = json.loads(line)
            if "remote" in said:
                self.take_remote(said["remote"])
            if "send" in said:
                data = said["send"]
                if self.agent.send(self.stream, COMPONENT, len(data.encode()), data) < 0:
                    write({"state": "not sent"})
        return True

    def take_remote(self, remote):
        self.agent.set_remote_credentials(self.stream, remote["ufrag"], remote["pwd"])
        # Whatever libnice does not know, as a candidate over TCP with another attribute, it leaves out.
        parsed = [self.agent.parse_remote_candidate_sdp(self.stream, "a=" + line) for line in remote["candidates"]]
        self.agent.set_remote_candidates(self.stream, COMPONENT, [each for each in parsed if each])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--role", required=True)
    parser.add_argument("--server")
    parser.add_argument("--address", required=True, help="of this host")
    parser.add_argument("--turn", choices=("udp", "tcp"))
    parser.add_argument("--policy", default="all")
    options = parser.parse_args()
    loop = GLib.MainLoop()
    Peer(options, loop)
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, loop.quit)
    loop.run()


main()
