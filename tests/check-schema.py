# SPDX-License-Identifier: MIT
"""check-schema.py SCHEMA: a document a line on standard input.

Each has to be what the schema says, and each kind of document has to be there;
what is broken on purpose has to be refused, as a schema may allow anything.
"""
import copy
import json
import sys

import jsonschema


def kind_of(schema, document):
    """The definitions of the top that it matches."""
    names = [one["$ref"].rsplit("/", 1)[1] for one in schema["oneOf"]]
    return [
        name
        for name in names
        if validator_of(schema, name).is_valid(document)
    ]


def validator_of(schema, name):
    part = {"$schema": schema["$schema"], "$defs": schema["$defs"],
            "$ref": "#/$defs/" + name}
    return jsonschema.Draft202012Validator(part)


def broken(document):
    """The document without each of its members, and with a wrong exit."""
    for key in document:
        if key == "differences":
            continue
        less = copy.copy(document)
        del less[key]
        yield "without " + key, less
    if "exit" in document:
        yield "with exit 99", dict(document, exit=99)
    for result in document.get("results", [])[:1]:
        for key in result:
            less = copy.deepcopy(document)
            del less["results"][0][key]
            yield "without results[0]." + key, less


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    whole = jsonschema.Draft202012Validator(schema)
    seen = {}
    failures = 0
    documents = 0
    for line in sys.stdin:
        document = json.loads(line)
        documents += 1
        kinds = kind_of(schema, document)
        if len(kinds) != 1 or not whole.is_valid(document):
            failures += 1
            print("is", kinds or "nothing", "of the schema:", line[:2000])
            name = document.get("command")
            if not kinds and name in schema["$defs"]:
                for error in validator_of(schema, name).iter_errors(document):
                    print("   ", error.json_path, error.message[:200])
            continue
        first = kinds[0] not in seen
        seen[kinds[0]] = seen.get(kinds[0], 0) + 1
        if not first:
            continue
        for how, wrong in broken(document):
            if whole.is_valid(wrong):
                failures += 1
                print(kinds[0], how, "is still a document of the schema")
    for one in schema["oneOf"]:
        name = one["$ref"].rsplit("/", 1)[1]
        if name not in seen:
            failures += 1
            print("no document of this test is a", name)
    print(documents, "documents held against the schema:",
          ", ".join(f"{name} {n}" for name, n in sorted(seen.items())))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
