// Compiles smooth.js to a component, smooth-js.wasm.
//
// All features of the engine are left out: a policy gets no clock, randomness, output or network, and paced refuses a
// component that imports them. `jco componentize` has no way to do that for every feature; this interface has.

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { componentize } from '@bytecodealliance/componentize-js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { component } = await componentize({
  sourcePath: here('smooth.js'),
  witPath: here('../../../wit/0.1'),
  worldName: 'policy',
  disableFeatures: ['stdio', 'random', 'clocks', 'http', 'fetch-event'],
});
await writeFile(here('smooth-js.wasm'), component);
