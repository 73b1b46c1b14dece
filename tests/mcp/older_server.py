"""A server of an older version of the protocol, without the official package, as most servers are.

`older_server.py [LOG]`: over stdio; each message that arrives is written to LOG.
"""

import json
import sys
from pathlib import Path

VERSION = "2025-03-26"
TOOLS = [{"name": "echo", "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}}}]


def reply(message):
    """The result of a request, or an error."""
    match message["method"]:
        case "initialize":
            info = {"name": "older", "version": "0.1"}
            return {"result": {"protocolVersion": VERSION, "capabilities": {"tools": {}}, "serverInfo": info}}
        case "tools/list":
            return {"result": {"tools": TOOLS}}
        case "tools/call":
            if message["params"]["arguments"].get("text") == "wait":
                return None
            return {"result": {"content": [{"type": "text", "text": message["params"]["arguments"]["text"]}]}}
        case "ping":
            return {"result": {}}
        case _:
            return {"error": {"code": -32601, "message": "Method not found"}}


def main():
    log = Path(sys.argv[1])
    for line in sys.stdin:
        message = json.loads(line)
        with log.open("a") as file:
            file.write(line)
        if "id" in message and "method" in message and (answer := reply(message)):
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer}), flush=True)
            if message["method"] == "tools/list":
                print('{"jsonrpc":"2.0","id":"s1","method":"roots/list"}', flush=True)
                print('{"jsonrpc":"2.0","id":"s2","method":"ping"}', flush=True)


if __name__ == "__main__":
    main()
