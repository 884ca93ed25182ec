/**
 * Ties this process to the launcher that started it, so that none is left behind however the launcher ends, SIGKILL
 * included: when the IPC channel to the launcher closes, this process asks itself to stop in order (SIGTERM).
 * Only where the launcher asked for it with EXIT_WITH_PARENT=1; otherwise, as under systemd, it does nothing.
 */
export function exitWithParent(env: NodeJS.ProcessEnv = process.env): void {
  if (env.EXIT_WITH_PARENT !== '1' || !process.channel) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // Listening for the end of the channel must not itself keep the process alive.
  process.channel.unref();
}
