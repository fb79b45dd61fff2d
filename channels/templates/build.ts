/** `npm run build:templates`: makes go-templates.wasm.br and its digest anew from go/. */
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import { buildModule, digestOf } from "./module-build.ts";
import { digestFile, moduleFile } from "./template-module.ts";

const module = await buildModule();
const compressed = await promisify(brotliCompress)(module, {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: module.length,
  },
});
await writeFile(moduleFile, compressed);
await writeFile(digestFile, `${digestOf(module)}\n`);
process.stdout.write(`${module.length} bytes, ${compressed.length} compressed\n`);
