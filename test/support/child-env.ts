/**
 * What every process that a test starts is given besides its own settings, and nothing else of this one's. Compiled code
 * is kept between starts: the suite starts hundreds of processes, and without it each would compile everything anew.
 */
export function childEnv(): NodeJS.ProcessEnv {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  return { PATH, HOME, ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }) };
}
