// Builds what the console's pages load: `node build.mjs FOLDER`.
//
// Every file carries a hash of its content in its name, so that browsers may keep it for good, and
// lies beside its compressed form. manifest.json tells which file a name means; it is written last.
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import * as sass from 'sass';

const here = path.dirname(fileURLToPath(import.meta.url));
const folder = path.resolve(process.argv[2]);
const source = (name) => path.join(here, 'src', name);

async function script(name, format) {
  const built = await esbuild.build({
    entryPoints: [source(name)],
    bundle: true,
    minify: true,
    format,
    target: 'es2022',
    legalComments: 'none',
    write: false,
  });
  return built.outputFiles[0].text;
}

async function style() {
  const compiled = sass.compile(source('console.scss'), {
    loadPaths: [path.join(here, 'node_modules')],
    quietDeps: true,
  });
  const made = await esbuild.transform(compiled.css, { loader: 'css', minify: true });
  return made.code;
}

async function icons() {
  const all = await readFile(
    path.join(here, 'node_modules/@tabler/icons-sprite/dist/tabler-sprite.svg'),
    'utf8',
  );
  const names = (await readFile(source('icons.txt'), 'utf8')).split(/\s+/).filter(Boolean);
  const symbols = names.map((name) => {
    const found = all.match(new RegExp(`<symbol id="tabler-${name}" .*?</symbol>`));
    if (!found) throw new Error(`src/icons.txt: there is no icon ${name}`);
    return found[0]
      .replace(`id="tabler-${name}"`, `id="${name}"`)
      .replace('<path stroke="none" d="M0 0h24v24H0z" fill="none" />', '');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`;
}

async function write(name, text) {
  const body = Buffer.from(text);
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16);
  const { name: stem, ext } = path.parse(name);
  const file = `${stem}-${hash}${ext}`;
  await writeFile(path.join(folder, file), body);
  await writeFile(path.join(folder, `${file}.gz`), gzipSync(body, { level: 9 }));
  return [name, file];
}

const files = {
  'console.css': style(),
  'console.js': script('console.js', 'iife'),
  'chart.js': script('chart.js', 'esm'),
  'stocktake.js': script('stocktake.js', 'iife'),
  'icons.svg': icons(),
  'favicon.svg': readFile(source('favicon.svg'), 'utf8'),
};
await mkdir(folder, { recursive: true });
const made = [];
for (const [name, text] of Object.entries(files)) made.push(await write(name, await text));
const manifest = path.join(folder, 'manifest.json');
await writeFile(`${manifest}.new`, `${JSON.stringify(Object.fromEntries(made), null, 1)}\n`);
await rename(`${manifest}.new`, manifest);

const kept = new Set(['manifest.json', ...made.flatMap(([, file]) => [file, `${file}.gz`])]);
for (const name of await readdir(folder)) {
  if (!kept.has(name) && !name.startsWith('.')) await rm(path.join(folder, name));
}
