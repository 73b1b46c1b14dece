"""A low-level server with what a well-kept framework would not do. `odd_server.py KIND`."""

import asyncio
import sys
import time

import mcp_types
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server

OBJECT = {"type": "object"}
PAGES = {
    None: (["one", "two"], "a"),
    "a": (["three"], "b"),
    "b": (["four", "two"], None),
}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Arguments",
    "type": "object",
    "$defs": {"Point": {"type": "object", "properties": {"x": {"type": "integer"}}}},
    "properties": {"at": {"$ref": "#/$defs/Point"}},
}
LISTS = {
    "defs": [("walk", SCHEMA)],
    "twins": [("a.b", OBJECT), ("a b", OBJECT), ("a_b", OBJECT), ("計算", OBJECT), ("x" * 80, OBJECT)],
    "none": [],
}


async def list_tools(context, parameters):
    kind = sys.argv[1]
    if kind == "pages":
        names, following = PAGES[parameters.cursor if parameters else None]
        tools = [mcp_types.Tool(name=name, input_schema=OBJECT) for name in names]
        return mcp_types.ListToolsResult(tools=tools, next_cursor=following)
    if kind == "endless":
        return mcp_types.ListToolsResult(tools=[mcp_types.Tool(name="again", input_schema=OBJECT)], next_cursor="x")
    tools = [mcp_types.Tool(name=name, title=name.upper(), input_schema=schema) for name, schema in LISTS[kind]]
    return mcp_types.ListToolsResult(tools=tools)


async def call_tool(context, parameters):
    text = f"{parameters.name}: {parameters.arguments}"
    return mcp_types.CallToolResult(content=[mcp_types.TextContent(text=text)])


async def main():
    server = Server("odd\x1b[31m", on_list_tools=list_tools, on_call_tool=call_tool)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


if __name__ == "__main__":
    match sys.argv[1]:
        case "silent":
            print("\x1b[31mloading the model", file=sys.stderr, flush=True)
            time.sleep(60)
        case "garbage":
            print("Welcome to my server!", flush=True)
            print("\xff not even text", flush=True)
            print("no such file: config.toml", file=sys.stderr, flush=True)
            sys.exit(3)
        case _:
            asyncio.run(main())
