// Reads graphs with Mermaid: node read-with-mermaid.mjs MODULES WRITE_GRAPHS DEFINITION.json...
//
// MODULES is the folder that npm installed `mermaid` and `jsdom` in, WRITE_GRAPHS the test program
// of that name. Each graph must be read, and hold the boxes and arrows that it was made from.
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, readdirSync, rmSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';

const [modules, writeGraphs, ...definitions] = process.argv.slice(2);
const require = createRequire(join(modules, 'x.js'));
const {JSDOM} = require('jsdom');
const {window} = new JSDOM('');
globalThis.window = window;
globalThis.document = window.document;
const {default: mermaid} =
    await import(pathToFileURL(join(modules, 'mermaid', 'dist', 'mermaid.core.mjs')));
mermaid.initialize({startOnLoad: false});

const matches = (text, pattern) => (text.match(pattern) ?? []).length;
const folder = mkdtempSync(join(tmpdir(), 'graphs-'));
let count = 0;
try {
    execFileSync(writeGraphs, [folder, ...definitions], {stdio: 'inherit'});
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.mmd'))) {
        const text = readFileSync(join(folder, file), 'utf8');
        try {
            const {db} = await mermaid.mermaidAPI.getDiagramFromText(text);
            const boxes = matches(text, /^ +(s|c|input|output|lock|triggers)\d*[[({]/gm);
            const arrows = matches(text, /^ +\w+ (-->|==>|---\||-\.->)/gm);
            if (db.getVertices().size !== boxes || db.getEdges().length !== arrows) {
                throw new Error(`${db.getVertices().size} boxes of ${boxes}, ` +
                    `${db.getEdges().length} arrows of ${arrows}`);
            }
        } catch (error) {
            console.error(`${file}: ${error}\n${text}`);
            process.exitCode = 1;
        }
        ++count;
    }
} finally {
    rmSync(folder, {recursive: true});
}
console.log(`${count} graphs read`);
