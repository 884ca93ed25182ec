import { join } from 'node:path';

/** The project's own folder; every launcher works from here, wherever it was called from. */
export const PROJECT_ROOT = join(import.meta.dirname, '../..');
