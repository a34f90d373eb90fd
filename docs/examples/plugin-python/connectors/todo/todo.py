"""A connector for Pollux in one file: a to-do list that is kept in a JSON file.

It shows all that a connector does: a list whose changes are found by polling, reads,
writes, settings, a credential, and errors. Each line of standard input is a request of
JSON-RPC 2.0, each line of standard output an answer; docs/plugin-protocol.md explains
them. What goes to standard error is logged by Pollux.
"""

import json
import os
import sys
import uuid
from datetime import datetime, timezone

ITEM = {
    "key": "item",
    "title": "Item",
    "id": "id",
    "created": "createdAt",
    "updated": "updatedAt",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "title", "type": "string"},
        {"name": "done", "type": "boolean"},
        {"name": "tags", "type": "array", "items": {"type": "string"}, "normal": "set"},
        {"name": "createdAt", "type": "time"},
        {"name": "updatedAt", "type": "time"},
    ],
}

ITEM_ID = {"name": "itemId", "type": "string", "required": True}
TITLE = {"name": "title", "type": "string"}
DONE = {"name": "done", "type": "boolean"}
TAGS = {"name": "tags", "type": "array", "items": {"type": "string"}}

DESCRIPTION = {
    "key": "todo",  # the name of the folder
    "title": "Todo list",
    "auth": ["api_key"],
    "settings": [
        {
            "name": "file",
            "type": "string",
            # A changed file beside the plugin reloads it; names with a dot in front do not.
            "default": ".todo.json",
            "description": "the file that holds the list, seen from the folder of the plugin",
        }
    ],
    "limits": [{"name": "burst", "requests": 100, "per": "10s"}],
    "objects": [ITEM],
    "operations": [
        {
            "key": "item.list",
            "title": "List items",
            "kind": "read",
            "path": "/items",
            "answer": "item",
            "list": True,
            "poll": {
                "strategy": "keyset",
                "page_size": 100,
                "confirm": {"operation": "item.get", "input": "itemId"},
            },
        },
        {
            "key": "item.get",
            "title": "Get an item",
            "kind": "read",
            "path": "/items/{itemId}",
            "inputs": [ITEM_ID],
            "answer": "item",
        },
        {
            "key": "item.create",
            "title": "Create an item",
            "kind": "write",
            "path": "/items",
            "inputs": [dict(TITLE, required=True), DONE, TAGS],
            "answer": "item",
            "repeat": "find",
            "find": {"operation": "item.list", "match": "title", "settle": "0s"},
        },
        {
            "key": "item.update",
            "title": "Update an item",
            "kind": "write",
            "path": "/items/{itemId}",
            "inputs": [ITEM_ID, TITLE, DONE, TAGS],
            "answer": "item",
            "repeat": "safe",
            "target": {"operation": "item.get", "with": {"itemId": "itemId"}},
        },
        {
            "key": "item.delete",
            "title": "Delete an item",
            "kind": "write",
            "path": "/items/{itemId}",
            "inputs": [ITEM_ID],
            "repeat": "safe",
            "danger": "delete",
            "target": {"operation": "item.get", "with": {"itemId": "itemId"}},
        },
    ],
}


class Refused(Exception):
    """Why a request is not carried out. The kind tells Pollux what it may do about it."""

    def __init__(self, kind, message, number=-32000, **data):
        super().__init__(message)
        self.answer = {"code": number, "message": message, "data": dict(data, kind=kind)}


def now():
    return datetime.now(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def load(account):
    """Read the list, if the key is the right one: the file names it, or takes any."""
    path = account["settings"]["file"]
    try:
        with open(path, encoding="utf-8") as f:
            data = json.load(f)
    except FileNotFoundError:
        data = {"items": {}}
    except ValueError as e:
        raise Refused("transient", f"{path} is no JSON: {e}", hint="mend the file") from e
    if data.get("key", account["credential"]["key"]) != account["credential"]["key"]:
        raise Refused("auth", "the key is not that of the list", status=401)
    return path, data


def save(path, data):
    """Write the list whole or not at all."""
    with open(path + ".new", "w", encoding="utf-8") as f:
        json.dump(data, f, indent=1)
        f.flush()
        os.fsync(f.fileno())
    os.replace(path + ".new", path)


def find(data, item_id):
    if item_id not in data["items"]:
        raise Refused("not_found", f"there is no item {item_id}", status=404, code="item_unknown")
    return data["items"][item_id]


def page(p):
    """One page of item.list: by the time of the last update, oldest first."""
    _, data = load(p["account"])
    items = sorted(data["items"].values(), key=lambda i: (i["updatedAt"], i["id"]))
    if since := p.get("since"):
        since = datetime.fromisoformat(since.replace("Z", "+00:00"))
        items = [i for i in items if datetime.fromisoformat(i["updatedAt"].replace("Z", "+00:00")) >= since]
    if position := p.get("position"):  # the last item of the page before
        items = [i for i in items if [i["updatedAt"], i["id"]] > json.loads(position)]
    size = min(p.get("size") or 100, 100)
    result = {"records": items[:size], "date": now()}
    if len(items) > size:
        last = items[size - 1]
        result["next"] = json.dumps([last["updatedAt"], last["id"]])
    return result


def call(p):
    path, data = load(p["account"])
    operation, inputs = p["operation"], p.get("inputs", {})
    if operation == "item.get":
        return {"value": find(data, inputs["itemId"])}
    if operation == "item.create":
        item = {"id": uuid.uuid4().hex, "done": False, "tags": [], "createdAt": now()}
        data["items"][item["id"]] = item
    elif operation == "item.update":
        item = find(data, inputs["itemId"])
    elif operation == "item.delete":
        find(data, inputs["itemId"])
        del data["items"][inputs["itemId"]]
        save(path, data)
        return {"value": None}
    else:
        raise Refused("invalid", f"there is no operation {operation}")
    changed = {name: inputs[name] for name in ("title", "done", "tags") if name in inputs}
    if any(item.get(name) != value for name, value in changed.items()):
        item.update(changed, updatedAt=now())
        save(path, data)
    return {"value": item}


def initialize(p):
    if 1 not in p["protocols"]:
        raise Refused("invalid", f"the plugin speaks protocol 1, Pollux {p['protocols']}", number=-32001)
    return {"protocol": 1, "plugin": {"name": "todo", "version": "1.0"}}


def check(p):
    load(p["account"])
    return {}


METHODS = {"initialize": initialize, "describe": lambda p: DESCRIPTION, "check": check, "page": page, "call": call}


def answer(request):
    try:
        if request["method"] not in METHODS:
            raise Refused("invalid", f"there is no method {request['method']}", number=-32601)
        return {"result": METHODS[request["method"]](request.get("params", {}))}
    except Refused as e:
        return {"error": e.answer}
    except Exception as e:  # a mistake of this program; Pollux says it and goes on
        print(f"{type(e).__name__}: {e}", file=sys.stderr, flush=True)
        return {"error": {"code": -32000, "message": f"{type(e).__name__}: {e}"}}


def main():
    for line in sys.stdin:
        request = json.loads(line)
        if "id" in request:  # cancel has none; nothing here takes long enough to need it
            print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **answer(request)}), flush=True)


if __name__ == "__main__":
    main()
