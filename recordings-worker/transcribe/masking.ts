import type { MaskedKind } from '#contract/transcripts.ts';
import { type DigitPiece, digitPieces } from './spoken-digits.ts';

/** A stretch of the text that is not to be written. */
export interface MaskedSpan {
  readonly from: number;
  readonly to: number;
  readonly kind: MaskedKind;
}

/** Digits that are read out one behind the other. */
export interface DigitRun {
  readonly from: number;
  readonly to: number;
  readonly digits: string;
}

/** So many digits are a number of somebody or something; fewer are a size, a price, a year. */
const leastDigits = 5;
/** After a word like "password" fewer are enough. */
const leastSecretDigits = 3;

/** What may stand between two digits of one number: marks, and the sounds people make while they read it out. */
const between =
  /^(?:[\s\-–—.·,，、/()（）+]|嗯|呃|啊|哦|那个|再?然后是?|接着是?|横杠|杠|空格|\b(?:uh|um|er|erm|and then|then|dash|hyphen|space)\b)*$/i;

const secretBefore =
  /(?:验证码|校验码|安全码|动态码|密码|口令|支付码|取件码|背面[^0-9]{0,4}[码数]字?|cvv|cvc|pin|passcode|password|(?:security|verification|access|confirmation) (?:code|number)|one[- ]time code|digits on the back)[^0-9]{0,12}$/i;

const moneyBefore = /[¥￥$€£]\s*$/;
const amountAfter =
  /^\s*(?:元|块|圆|万|亿|人民币|公斤|千克|克|毫升|升|厘米|毫米|米|瓦|毫安|人|件|个|片|张|位|次|%|％|(?:yuan|rmb|dollars?|usd|euros?|pounds?|cents?|percent|kg|kilos?|grams?|g|ml|watts?|mah|pieces?|people)\b)/i;

const email =
  /[a-z0-9](?:[a-z0-9_%+-]|\s*(?:\.|点|\bdot\b|\bunderscore\b|下划线)\s*)*\s*(?:@|艾特|\bat\b)\s*[a-z0-9-]+(?:\s*(?:\.|点|\bdot\b)\s*[a-z0-9-]+)*\s*(?:\.|点|\bdot\b)\s*(?:com|cn|net|org|edu|gov|io|co|me|info|de|fr|uk|jp|hk|tw)\b/gi;

/**
 * What in a text must not be written: numbers of five digits and more, as figures or read out in Chinese or English;
 * phone, card (Luhn) and resident identity numbers (GB 11643) are told by name; codes that follow words like 验证码;
 * e-mail addresses, also spelled out. Amounts with their unit stay, and so do the numbers in `keep`, wholly or from some
 * digit to the end. Names and addresses are not looked for.
 */
export function maskedSpans(text: string, keep: readonly string[] = []): MaskedSpan[] {
  const known = keep.map(digitsOf).filter((digits) => digits.length >= leastDigits);
  const emails = [...text.matchAll(email)].map(
    (match): MaskedSpan => ({ from: match.index, to: match.index + match[0].length, kind: 'email' }),
  );
  const numbers = digitRuns(text).flatMap((run): MaskedSpan[] => {
    if (emails.some(({ from, to }) => run.from < to && from < run.to)) return [];
    if (known.some((digits) => run.digits.length >= leastDigits && digits.endsWith(run.digits))) return [];
    const secret = secretBefore.test(text.slice(Math.max(0, run.from - 40), run.from));
    if (run.digits.length < (secret ? leastSecretDigits : leastDigits)) return [];
    if (!secret && (isAmount(text, run) || isRoundList(text.slice(run.from, run.to)))) return [];
    return [{ ...withCheckLetter(text, run), kind: secret ? 'code' : kindOf(text, run) }];
  });
  return [...emails, ...numbers].sort((a, b) => a.from - b.from);
}

/** Digits that are read out together, of any length. */
export function digitRuns(text: string): DigitRun[] {
  const runs: { from: number; to: number; digits: string; pieces: DigitPiece[] }[] = [];
  for (const piece of digitPieces(text)) {
    const last = runs.at(-1);
    if (last && between.test(text.slice(last.to, piece.from))) {
      last.to = piece.to;
      last.digits += piece.digits;
      last.pieces.push(piece);
    } else runs.push({ from: piece.from, to: piece.to, digits: piece.digits, pieces: [piece] });
  }
  return runs.map(({ from, to, digits }) => ({ from, to, digits }));
}

/** A figure with its unit, not longer than amounts are: 12,999 元. */
export function isAmount(text: string, { from, to, digits }: DigitRun): boolean {
  const figure = /^\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?$|^[1-9]\d{0,6}(?:\.\d{1,2})?$/.test(text.slice(from, to));
  return (
    figure &&
    digits.length <= 9 &&
    (moneyBefore.test(text.slice(0, from)) || amountAfter.test(text.slice(to)))
  );
}

/** 1000、2000、3000: amounts to choose from. */
const isRoundList = (said: string): boolean => /^[1-9]\d{0,3}00(?:\s*[、,，]\s*[1-9]\d{0,3}00)+$/.test(said);

function kindOf(text: string, { from, to, digits }: DigitRun): MaskedKind {
  if (isResidentId(digits + checkLetterAfter(text, to, digits))) return 'resident-id';
  if (digits.length >= 13 && digits.length <= 19 && passesLuhn(digits)) return 'card';
  const international = /\+\s*$/.test(text.slice(0, from)) && digits.length >= 8 && digits.length <= 15;
  if (international || phone.test(digits)) return 'phone';
  return 'number';
}

/** Mainland mobiles with and without the country's code, service numbers, land lines with their area. */
const phone = /^(?:(?:86|0086)?1[3-9]\d{9}|[48]00\d{7}|0\d{2,3}[2-9]\d{6,7}|1?[2-9]\d{2}[2-9]\d{6})$/;

/** ISO/IEC 7812-1, annex B. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at]);
    const counted = at % 2 === 1 ? digit * 2 : digit;
    sum += counted > 9 ? counted - 9 : counted;
  }
  return digits.length > 0 && sum % 10 === 0;
}

/** GB 11643-1999: seventeen digits and a check character by ISO 7064, MOD 11-2; a plausible date of birth. */
export function isResidentId(text: string): boolean {
  const match = /^[1-9]\d{5}(?:18|19|20)\d{2}(\d{2})(\d{2})\d{3}[0-9X]$/.exec(text);
  if (!match || Number(match[1]) < 1 || Number(match[1]) > 12) return false;
  if (Number(match[2]) < 1 || Number(match[2]) > 31) return false;
  let sum = 0;
  for (let at = 0; at < 17; at++) sum += Number(text[at]) * 2 ** (17 - at);
  return '10X98765432'[sum % 11] === text[17];
}

const checkLetter = /^[\s\-.,，、]*(x|叉|艾克斯)(?![a-z])/i;

/** The X at the end of some identity numbers. */
const checkLetterAfter = (text: string, to: number, digits: string): string =>
  digits.length === 17 && checkLetter.test(text.slice(to)) ? 'X' : '';

function withCheckLetter(text: string, { from, to, digits }: DigitRun): { from: number; to: number } {
  const letter = checkLetterAfter(text, to, digits) && checkLetter.exec(text.slice(to))?.[0];
  return { from, to: to + (letter ? letter.length : 0) };
}

const digitsOf = (text: string): string => text.replace(/\D/g, '');
