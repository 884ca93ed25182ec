import { cpus } from 'node:os';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65535);
const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1');

/** Where the three stores are: shared by server and worker. */
const storesSchema = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  REDIS_URL: z.url(),
  S3_ENDPOINT: z.url().optional(),
  /** Where browsers reach the same S3, if that differs. Signed addresses carry it. */
  S3_PUBLIC_ENDPOINT: z.url().optional(),
  S3_REGION: z.string().default('us-east-1'),
  S3_BUCKET: z.string().min(3),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
  S3_FORCE_PATH_STYLE: flag.default(false),
  /** Encryption at rest that every write asks for. */
  S3_SSE: z.enum(['none', 'AES256', 'aws:kms']).default('none'),
  /** With aws:kms: the key's id, ARN or alias; the service's own key without it. */
  S3_SSE_KMS_KEY_ID: z.string().optional(),
});

const serverSchema = storesSchema
  .extend({
    MONGODB_URL: z.string().regex(/^mongodb(\+srv)?:\/\//),
    HOST: z.string().default('127.0.0.1'),
    PORT: port.default(8080),
    PUBLIC_URL: z.url().optional(),
    AUTH_MODE: z.enum(['demo', 'none']).default('none'),
    SESSION_SECRET: z.string().min(16),
    TELEPHONY_API_KEY: z.string().min(16),
    MEDIASOUP_WORKER_BIN: z.string().optional(),
    MEDIA_WORKERS: z.coerce
      .number()
      .int()
      .min(1)
      .max(64)
      .default(Math.max(1, Math.min(8, cpus().length))),
    /** Audio streams, in and out, that one media worker is given to carry on this machine. */
    MEDIA_WORKER_STREAMS: z.coerce.number().int().min(20).max(1_400).default(1_100),
    MEDIA_LISTEN_IP: z.string().default('127.0.0.1'),
    MEDIA_ANNOUNCED_ADDRESS: z.string().optional(),
    /** First WebRTC port: worker n listens on UDP and TCP port + n. 0 takes free ones. */
    MEDIA_PORT: port.default(0),
    /** Where browsers may go through when neither UDP nor TCP reaches the media ports, by comma; the TURN server shares the secret. */
    TURN_URLS: z
      .string()
      .default('')
      .transform((list) => list.split(',').flatMap((url) => url.trim() || []))
      .pipe(z.array(z.string().regex(/^turns?:[^\s?]+(\?transport=(udp|tcp))?$/)).max(8)),
    TURN_SECRET: z.string().min(16).optional(),
    /** How long a password for it holds: at least as long as a listening. */
    TURN_TTL_S: z.coerce.number().int().min(60).default(14_400),
    RTP_LISTEN_IP: z.string().default('127.0.0.1'),
    RTP_ANNOUNCED_ADDRESS: z.string().optional(),
    /** Even ports for RTP, the odd ones above for RTCP. Keep out of the kernel's ephemeral range 32768–60999. */
    RTP_PORT_MIN: port.default(20_000),
    RTP_PORT_MAX: port.default(29_999),
    CALL_MEDIA_TIMEOUT_MS: z.coerce.number().int().min(500).default(30_000),
    /** A pause of listening and capture that nobody ended ends by itself after this long. */
    PAUSE_MAX_MS: z.coerce.number().int().min(1_000).default(600_000),
    /** How far behind people hear calls whose seats are delayed. */
    LISTENING_DELAY_MS: z.coerce.number().int().min(2_000).max(600_000).default(10_000),
    /** For them a pause also takes away what was said so long before it. */
    PAUSE_REACHES_BACK_MS: z.coerce.number().int().min(0).default(5_000),
    TAP_LISTEN_IP: z.string().default('127.0.0.1'),
    /** The name workers reach the tap by; the listen address unless told. */
    TAP_ADVERTISED_HOST: z.string().optional(),
    TAP_PORT: port.default(0),
    /** How much audio is kept for a recorder that is away, per call. */
    TAP_BUFFER_MS: z.coerce.number().int().min(1_000).default(120_000),
    /** Copies of each call, by different recordings workers. auto: two where at least two workers live, else one. */
    CAPTURE_COPIES: z.enum(['auto', '1', '2']).default('auto'),
    /** Whether archived recordings are analysed. */
    ANALYSIS: z.enum(['on', 'off']).default('on'),
    /** Whether transcripts are asked for: the same value as the workers have. */
    TRANSCRIBER: z.enum(['none', 'openai', 'sherpa']).default('none'),
    /** Where mail goes out: smtp:// or smtps://[user:password@]host[:port]. Without it nothing is mailed. */
    SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
    /** The address that mail comes from. */
    MAIL_FROM: z.email().optional(),
    /** A mail that could not be delivered is tried again after so long, then after twice as long each time. */
    MAIL_RETRY_MS: z.coerce.number().int().min(50).default(30_000),
    /** What the programme asks of every listener. */
    LISTENING_HOURS_A_QUARTER: z.coerce.number().min(0).max(500).default(2),
    WEB_ROOT: z.string().optional(),
  })
  .refine((config) => !(config.AUTH_MODE === 'demo' && config.NODE_ENV === 'production'), {
    path: ['AUTH_MODE'],
    message: 'AUTH_MODE=demo lets anyone sign in as anyone and is refused with NODE_ENV=production',
  })
  .refine((config) => config.TURN_URLS.length === 0 || config.TURN_SECRET !== undefined, {
    path: ['TURN_SECRET'],
    message: 'TURN_URLS needs TURN_SECRET, which the TURN server has as static-auth-secret',
  })
  .refine((config) => config.SMTP_URL === undefined || config.MAIL_FROM !== undefined, {
    path: ['MAIL_FROM'],
    message: 'SMTP_URL needs MAIL_FROM, the address that mail comes from',
  })
  .refine((config) => config.PAUSE_REACHES_BACK_MS <= config.LISTENING_DELAY_MS, {
    path: ['PAUSE_REACHES_BACK_MS'],
    message:
      'PAUSE_REACHES_BACK_MS must not be more than LISTENING_DELAY_MS: what was heard cannot be taken back',
  })
  .refine((config) => config.RTP_PORT_MIN < config.RTP_PORT_MAX, {
    path: ['RTP_PORT_MIN'],
    message: 'RTP_PORT_MIN must be below RTP_PORT_MAX',
  });

const workerSchema = storesSchema.extend({
  WORKER_ID: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional(),
  /** Health and metrics. */
  WORKER_HOST: z.string().default('127.0.0.1'),
  WORKER_PORT: port.default(0),
  /** The name or address by which other workers reach this one's port; the listen address unless told. */
  WORKER_ADVERTISED_HOST: z.string().optional(),
  /** Workers of one host share this folder; a capture that moves between them is sealed from both parts. */
  SPOOL_DIR: z.string().min(1),
  SPOOL_FSYNC_MS: z.coerce.number().int().min(10).max(1_000).default(500),
  /** Below this much free space where the spool is, no further captures are taken. */
  SPOOL_LEAST_FREE_MB: z.coerce.number().int().min(0).default(256),
  WORKER_CAPTURES_MAX: z.coerce.number().int().min(1).default(400),
  /** Recordings analysed at a time, by processes of low priority; 0: this worker takes none. */
  ANALYSIS_AT_A_TIME: z.coerce.number().int().min(0).max(64).default(1),
  /** As ANALYSIS_AT_A_TIME, for transcripts. */
  TRANSCRIPTS_AT_A_TIME: z.coerce.number().int().min(0).max(64).default(1),
  /** Above this share of a core, in the thread that captures, no further captures are taken. */
  WORKER_CPU_MAX: z.coerce.number().min(0.05).max(1).default(0.85),
  /** When its timers are later than this for seconds, no further captures are taken. */
  WORKER_LAG_MAX_MS: z.coerce.number().int().min(50).default(1_000),
  /** Ed25519 private key that signs the archive, PKCS #8: the PEM itself or the path of one. */
  ARCHIVE_SIGNING_KEY: z.string().optional(),
});
/** Who writes down what is said in recordings, and how it is reached. */
const transcriberFields = {
  /** none; openai: a service that speaks OpenAI's API; sherpa: a model folder that is mounted here. */
  TRANSCRIBER: z.enum(['none', 'openai', 'sherpa']).default('none'),
  /** openai: the API's root, such as https://asr.example.com/v1. */
  TRANSCRIBER_URL: z.url({ protocol: /^https?$/ }).optional(),
  TRANSCRIBER_KEY: z.string().optional(),
  TRANSCRIBER_MODEL: z.string().default('whisper-1'),
  /** ISO 639-1, such as zh; found out by the service without. */
  TRANSCRIBER_LANGUAGE: z
    .string()
    .regex(/^[a-z]{2,3}$/)
    .optional(),
  TRANSCRIBER_TIMEOUT_MS: z.coerce.number().int().min(1_000).default(120_000),
  /** The longest piece that is sent at a time. */
  TRANSCRIBER_CHUNK_SECONDS: z.coerce.number().min(8).max(600).default(25),
  /** sherpa: the folder with the model and its recognizer.json. */
  TRANSCRIBER_MODEL_DIR: z.string().optional(),
};
const transcriberNeeds = (config: {
  TRANSCRIBER: string;
  TRANSCRIBER_URL?: string | undefined;
  TRANSCRIBER_MODEL_DIR?: string | undefined;
}): boolean =>
  config.TRANSCRIBER === 'none' ||
  (config.TRANSCRIBER === 'openai' ? config.TRANSCRIBER_URL : config.TRANSCRIBER_MODEL_DIR) !== undefined;
const transcriberLacks = {
  path: ['TRANSCRIBER'],
  message: 'TRANSCRIBER=openai needs TRANSCRIBER_URL, TRANSCRIBER=sherpa needs TRANSCRIBER_MODEL_DIR',
};
const transcriberSchema = z.object(transcriberFields).refine(transcriberNeeds, transcriberLacks);

const signingWorkerSchema = workerSchema
  .extend(transcriberFields)
  .refine(transcriberNeeds, transcriberLacks)
  .refine((config) => config.NODE_ENV !== 'production' || config.ARCHIVE_SIGNING_KEY !== undefined, {
    path: ['ARCHIVE_SIGNING_KEY'],
    message: 'ARCHIVE_SIGNING_KEY is needed with NODE_ENV=production: what is archived is signed with it',
  });

export type StoresConfig = z.output<typeof storesSchema>;
export type ServerConfig = z.output<typeof serverSchema>;
export type WorkerConfig = z.output<typeof signingWorkerSchema>;
export type TranscriberConfig = z.output<typeof transcriberSchema>;

/** Thrown at start with every wrong or missing variable in one message. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

function parse<S extends z.ZodType>(schema: S, env: NodeJS.ProcessEnv): z.output<S> {
  // An empty variable is an unset one: that is what people mean by `NAME=` in an env file.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.') || 'config'}: ${issue.message}`);
  throw new ConfigError(`The configuration is not usable:\n${lines.join('\n')}`);
}

export const serverConfig = (env: NodeJS.ProcessEnv = process.env): ServerConfig => parse(serverSchema, env);
/** Only where the stores are: for scripts. */
export const storesConfig = (env: NodeJS.ProcessEnv = process.env): StoresConfig => parse(storesSchema, env);
/** For the process that talks to the transcriber. */
export const transcriberConfig = (env: NodeJS.ProcessEnv = process.env): TranscriberConfig =>
  parse(transcriberSchema, env);
export const workerConfig = (env: NodeJS.ProcessEnv = process.env): WorkerConfig =>
  parse(signingWorkerSchema, env);
