/**
 * Polls until `check` stops throwing and answers something other than false, or the deadline passes;
 * then the last failure is thrown. The way tests wait: never by sleeping a fixed time.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  options: { within?: number; every?: number } = {},
): Promise<Exclude<T, false>> {
  const deadline = Date.now() + (options.within ?? 5_000);
  let failure: unknown = new Error('the check never answered');
  for (;;) {
    try {
      const answer = await check();
      if (answer !== false) return answer as Exclude<T, false>;
      failure = new Error('the check kept answering false');
    } catch (thrown) {
      failure = thrown;
    }
    if (Date.now() >= deadline) throw failure;
    await new Promise((resolve) => setTimeout(resolve, options.every ?? 25));
  }
}
