import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Silero } from './silero.ts';

/**
 * The published model (version 6, MIT) out of the package that carries it. Of that package nothing is run, and the
 * inference library that it asks for is replaced in package.json by one of 2 MB in place of 139 MB.
 * Throws what reading the file threw; OnnxError.
 */
export async function loadSilero(): Promise<Silero> {
  const path = fileURLToPath(import.meta.resolve('@ricky0123/vad-web/dist/silero_vad_v6.onnx'));
  return new Silero(await readFile(path));
}
