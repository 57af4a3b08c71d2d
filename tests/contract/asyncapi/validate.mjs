// What AsyncAPI's own parser has against a document, and what it reads in it.
// Reads YAML from standard input; writes {"diagnostics": [TEXT], "messages": {CHANNEL: [NAME]}}.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(0, "utf8"));
const channels = document ? document.channels().all() : [];
const messages = Object.fromEntries(channels.map((one) => [one.id(), one.messages().all().map((each) => each.id())]));
const told = diagnostics.map(({ code, message, path }) => `${path.join(".")}: ${message} (${code})`);
process.stdout.write(JSON.stringify({ diagnostics: told, messages }));
