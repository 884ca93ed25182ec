import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { JsonFile } from './ports.ts';

/** What an installation keeps to itself, made once. */
export interface Secrets {
  s3AccessKeyId: string;
  s3SecretAccessKey: string;
  sessionSecret: string;
  telephonyApiKey: string;
}

/** The secrets of a data folder (secrets.json, mode 0600); those that it lacks are made and kept. */
export async function keptSecrets(dataDir: string): Promise<Secrets> {
  const file = new JsonFile<Secrets>(join(dataDir, 'secrets.json'));
  const kept = await file.read();
  const secret = (bytes: number) => randomBytes(bytes).toString('hex');
  const secrets: Secrets = {
    s3AccessKeyId: kept.s3AccessKeyId ?? secret(10),
    s3SecretAccessKey: kept.s3SecretAccessKey ?? secret(20),
    sessionSecret: kept.sessionSecret ?? secret(32),
    telephonyApiKey: kept.telephonyApiKey ?? secret(24),
  };
  if (Object.keys(secrets).some((name) => !(name in kept))) await file.write(secrets);
  return secrets;
}
