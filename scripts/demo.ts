import { launch } from './launcher.ts';
import {
  announceReady,
  chooseAddresses,
  seedDemoData,
  startArchiving,
  startDemoCalls,
  startPlatform,
} from './platform.ts';
import { prepare } from './setup/prepare.ts';

/** `npm run demo`: from a bare machine to live calls that a browser can hear. */
await launch(async (launcher) => {
  const { mediaWorker } = await prepare('demo', launcher.progress);
  const addresses = await chooseAddresses(launcher, 'demo');
  const platform = await startPlatform(launcher, addresses, mediaWorker);
  await seedDemoData(launcher, platform, { archive: true });
  await startDemoCalls(launcher, platform);
  await announceReady(launcher, platform);
  await startArchiving(launcher, platform);
});
