// Which features of HTML and CSS mail programs leave out, by the data of caniemail.com.
// Reads {"pages": {NAME: HTML}, "programs": [GLOB]} from standard input; writes {NAME: {FEATURE: [PROGRAM]}}.
import { readFileSync } from "node:fs";
import { caniemail, rawData } from "caniemail";

const { pages, programs } = JSON.parse(readFileSync(0, "utf8"));

// The library gives up on a page at the first feature that nobody tried in one of the programs: such a one is passed over.
const tried = rawData.data.flatMap(({ stats }) =>
  Object.entries(stats).flatMap(([family, platforms]) => Object.keys(platforms).map((platform) => [family, platform])),
);
for (const { stats } of rawData.data) for (const [family, platform] of tried) (stats[family] ??= {})[platform] ??= { 0: "y" };

const found = {};
for (const [name, html] of Object.entries(pages)) {
  found[name] = {};
  for (const [program, issues] of caniemail({ clients: programs, html }).issues.errors)
    for (const { title } of issues) (found[name][title] ??= new Set()).add(program);
}
process.stdout.write(JSON.stringify(found, (_, value) => (value instanceof Set ? [...value] : value)));
